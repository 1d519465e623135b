#include "config/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "support/temporary_directory.h"

namespace user_events::config {
namespace {

using namespace std::chrono_literals;

Options must_load(std::string_view text) {
  auto loaded = load_text(text, "test.toml");
  EXPECT_TRUE(loaded) << (loaded ? "" : describe(loaded.error()));
  return loaded ? loaded->options : Options{};
}

// All findings, one a line.
std::string findings(std::string_view text) {
  const auto loaded = load_text(text, "test.toml");
  if (loaded) return "";
  EXPECT_EQ(loaded.error().kind, ErrorKind::usage);
  std::string out;
  for (const auto& field : loaded.error().fields) out += field.detail + "\n";
  return out.empty() ? loaded.error().message : out;
}

TEST(Config, AnEmptyFileIsTheDefaults) {
  const Options options = must_load("");
  EXPECT_EQ(options.data_dir, "data");
  EXPECT_EQ(options.http.listen, "127.0.0.1:8080");
  EXPECT_EQ(options.journal.segment_bytes, 64ull << 20);
  EXPECT_TRUE(options.destinations.empty());
}

TEST(Config, EveryKeyReachesItsMember) {
  const Options o = must_load(R"(
    source = "urn:example:user-service"
    data_dir = "/var/lib/user-events"
    catalogue_dir = "catalogue"
    retired = ["old"]
    [http]
    listen = "[::1]:0"
    threads = 2
    max_body_bytes = "1MiB"
    max_connections = 10
    read_timeout = "5s"
    idle_timeout = "1m"
    allowed_hosts = ["events.example.com"]
    open_metrics = true
    insecure = true
    tls = {certificate_file = "c", key_file = "k", client_ca_file = "a", client_certificates = "required"}
    [limits]
    max_event_bytes = "64KiB"
    max_batch_events = 100
    max_depth = 8
    [journal]
    segment_bytes = "8MiB"
    max_bytes = "1GiB"
    retention_bytes = "100MiB"
    retention_age = "30d"
    idempotency_window = "48h"
    [log]
    level = "debug"
    format = "json"
    [[destination]]
    name = "a"
    kind = "bus"
    types = ["user.*", "!user.login.failed"]
    topic = "user.events"
    format = "cloudevents-binary"
    encoding = "json"
    retry = {initial = "1s", max = "10s", factor = 3, attempts = 10}
    oversize = "dead-letter"
    max_lag_bytes = "1GB"
    max_lag_age = "7d"
    lag_action = "detach"
    start = "now"
    volume = ["user.loggedin sample=0.1", "user.login.failed fold=10s by=ipAddress"]
    window_events = 1000
  )");
  EXPECT_EQ(o.source, "urn:example:user-service");
  EXPECT_EQ(o.data_dir, "/var/lib/user-events");
  EXPECT_EQ(o.catalogue_dir, "catalogue");
  EXPECT_EQ(o.retired, std::vector<std::string>{"old"});
  EXPECT_EQ(o.http.listen, "[::1]:0");
  EXPECT_EQ(o.http.threads, 2u);
  EXPECT_EQ(o.http.max_body_bytes, 1u << 20);
  EXPECT_EQ(o.http.max_connections, 10u);
  EXPECT_EQ(o.http.read_timeout, 5s);
  EXPECT_EQ(o.http.idle_timeout, 60s);
  EXPECT_EQ(o.http.allowed_hosts, std::vector<std::string>{"events.example.com"});
  EXPECT_TRUE(o.http.open_metrics);
  EXPECT_TRUE(o.http.insecure);
  EXPECT_EQ(o.http.tls.certificate_file, "c");
  EXPECT_EQ(o.http.tls.key_file, "k");
  EXPECT_EQ(o.http.tls.client_ca_file, "a");
  EXPECT_EQ(o.http.tls.client_certificates, ClientCertificates::required);
  EXPECT_EQ(o.limits.max_event_bytes, 64u << 10);
  EXPECT_EQ(o.limits.max_batch_events, 100u);
  EXPECT_EQ(o.limits.max_depth, 8u);
  EXPECT_EQ(o.journal.segment_bytes, 8u << 20);
  EXPECT_EQ(o.journal.max_bytes, 1u << 30);
  EXPECT_EQ(o.journal.retention_bytes, 100u << 20);
  EXPECT_EQ(o.journal.retention_age, 720h);
  EXPECT_EQ(o.journal.idempotency_window, 48h);
  EXPECT_EQ(o.log.level, "debug");
  EXPECT_EQ(o.log.format, "json");
  ASSERT_EQ(o.destinations.size(), 1u);
  const auto& d = o.destinations[0];
  EXPECT_EQ(d.name, "a");
  EXPECT_EQ(d.kind, "bus");
  EXPECT_EQ(d.types, (std::vector<std::string>{"user.*", "!user.login.failed"}));
  EXPECT_EQ(d.topic, "user.events");
  EXPECT_EQ(d.format, "cloudevents-binary");
  EXPECT_EQ(d.retry.initial, 1s);
  EXPECT_EQ(d.retry.max, 10s);
  EXPECT_EQ(d.retry.factor, 3.0);
  EXPECT_EQ(d.retry.attempts, 10u);
  EXPECT_EQ(d.oversize, OversizeAction::dead_letter);
  EXPECT_EQ(d.max_lag_bytes, 1'000'000'000u);
  EXPECT_EQ(d.max_lag_age, 168h);
  EXPECT_EQ(d.lag_action, LagAction::detach);
  EXPECT_EQ(d.start, "now");
  EXPECT_EQ(d.volume, (std::vector<std::string>{"user.loggedin sample=0.1", "user.login.failed fold=10s by=ipAddress"}));
  EXPECT_EQ(d.window_events, 1000u);
}

TEST(Config, SettingsOfAKindAreFlattenedHoweverTheyAreWritten) {
  const Options o = must_load(R"(
    [[destination]]
    name = "a"
    kind = "bus"
    topic = "t"
    bus."bootstrap.servers" = "127.0.0.1:9092"
    bus.linger.ms = 5
    [[destination]]
    name = "c"
    kind = "bus"
    topic = "t"
    unsafe = true
    [destination.bus]
    "acks" = "all"
    topics = ["a", "b"]
    ratio = 0.5
    [[destination]]
    name = "b"
    kind = "file"
    path = "events.ndjson"
  )");
  ASSERT_EQ(o.destinations.size(), 3u);
  EXPECT_EQ(o.destinations[0].settings,
            (std::map<std::string, std::string>{{"bus.bootstrap.servers", "127.0.0.1:9092"},
                                                {"bus.linger.ms", "5"}}));
  EXPECT_EQ(o.destinations[1].settings,
            (std::map<std::string, std::string>{
                {"unsafe", "true"}, {"bus.acks", "all"}, {"bus.topics", "a,b"}, {"bus.ratio", "0.5"}}));
  EXPECT_EQ(o.destinations[2].settings, (std::map<std::string, std::string>{{"path", "events.ndjson"}}));
}

TEST(Config, AnUnknownKeyNamesItsLineAndTheNearestKey) {
  EXPECT_EQ(findings("source = \"urn:a\"\ndatadir = \"x\"\n"),
            "test.toml:2: datadir is not a known key; did you mean data_dir?\n");
  EXPECT_EQ(findings("[http]\nlisten = \"127.0.0.1:1\"\nlisen = \"x\"\n"),
            "test.toml:3: http.lisen is not a known key; did you mean http.listen?\n");
  EXPECT_EQ(findings("listen = \"127.0.0.1:1\"\n"),
            "test.toml:1: listen is not a known key; did you mean http.listen?\n");
  EXPECT_EQ(findings("[colours]\nred = 1\n"),
            "test.toml:2: colours.red is not a known key; docs/configuration.md lists them\n");
  EXPECT_EQ(findings("[colours]\n"),
            "test.toml:1: colours is not a known key; docs/configuration.md lists them\n");
  EXPECT_EQ(findings("[[destination]]\nname = \"a\"\nkind = \"file\"\npaht = \"x\"\n"),
            "test.toml:4: paht is not a known key of a file destination; did you mean path?\n");
}

TEST(Config, AnEmptyTableOfAKnownNameIsFine) { EXPECT_EQ(findings("[http]\n[journal]\n[log]\n"), ""); }

TEST(Config, AWrongUnitOrTypeIsNamedWithAnExample) {
  EXPECT_EQ(findings("[journal]\nsegment_bytes = \"64 potatoes\"\n"),
            "test.toml:2: journal.segment_bytes is not a size; write for example \"64MiB\" or \"1GB\" (B, "
            "kB, KiB, MB, MiB, GB, GiB, TB, TiB) or a "
            "number of bytes\n");
  EXPECT_EQ(findings("[http]\nread_timeout = 30\n"),
            "test.toml:2: http.read_timeout has no unit; write for example \"30s\" (ms, s, m, h, d)\n");
  EXPECT_EQ(findings("[http]\nread_timeout = \"30 parsecs\"\n"),
            "test.toml:2: http.read_timeout is not a duration; write for example \"100ms\", \"30s\", "
            "\"10m\", \"24h\" or \"7d\"\n");
  EXPECT_EQ(findings("[http]\nthreads = \"two\"\n"),
            "test.toml:2: http.threads is not a whole number; write for example 1\n");
  EXPECT_EQ(findings("data_dir = 5\n"), "test.toml:1: data_dir is not a text; write for example \"data\"\n");
  EXPECT_EQ(findings("data_dir = \"\"\n"), "test.toml:1: data_dir is empty; write for example \"data\"\n");
  EXPECT_EQ(findings("retired = \"a\"\n"),
            "test.toml:1: retired is not a list of texts; write for example [\"old-kafka\"]\n");
  EXPECT_EQ(findings("[log]\nlevel = \"wran\"\n"),
            "test.toml:2: log.level is none of \"trace\", \"debug\", \"info\", \"warn\", \"error\", \"off\"; "
            "did you mean \"warn\"?\n");
}

TEST(Config, ARangeIsNamedWithItsEnds) {
  EXPECT_EQ(findings("[http]\nthreads = 0\n"), "test.toml:2: http.threads is not within 1 and 256\n");
  EXPECT_EQ(findings("[http]\nthreads = -1\n"), "test.toml:2: http.threads is not within 1 and 256\n");
  EXPECT_EQ(findings("[journal]\nsegment_bytes = 10\n"),
            "test.toml:2: journal.segment_bytes is not within \"1MiB\" and \"16GiB\"\n");
  EXPECT_EQ(findings("[journal]\nmax_bytes = 10\n"),
            "test.toml:2: journal.max_bytes is not within \"4MiB\" and \"1024TiB\", nor 0\n");
  EXPECT_EQ(findings("[journal]\nmax_bytes = 0\nretention_age = 0\n"), "");
  EXPECT_EQ(findings("[journal]\nidempotency_window = \"0s\"\n"),
            "test.toml:2: journal.idempotency_window is not within \"1s\" and \"3650d\"\n");
}

TEST(Config, RulesBetweenKeysAreChecked) {
  EXPECT_EQ(findings("[http]\nmax_body_bytes = \"1KiB\"\n[limits]\nmax_event_bytes = \"2KiB\"\n"),
            "test.toml:4: limits.max_event_bytes is larger than http.max_body_bytes\n");
  EXPECT_EQ(findings("[journal]\nmax_bytes = \"100MiB\"\n"),
            "test.toml:2: journal.max_bytes is less than four times journal.segment_bytes\n");
  EXPECT_EQ(
      findings(
          "[[destination]]\nname = \"a\"\nkind = \"file\"\n[[destination]]\nname = \"a\"\nkind = \"file\"\n"),
      "test.toml:5: destination.a.name is the name of two destinations\n");
  EXPECT_EQ(
      findings("[[destination]]\nname = \"a\"\nkind = \"file\"\nretry = {initial = \"1m\", max = \"1s\"}\n"),
      "test.toml:4: destination.a.retry.initial is longer than retry.max\n");
  EXPECT_EQ(findings("retired = [\"a\"]\n[[destination]]\nname = \"a\"\nkind = \"file\"\n"),
            "test.toml:1: retired names the destination a, which is configured\n");
}

TEST(Config, ListenTakesAnAddressAndAPort) {
  for (const char* good : {"127.0.0.1:8080", "[::1]:8080", "localhost:0", "127.0.0.1:65535"}) {
    EXPECT_EQ(must_load("[http]\nlisten = \"" + std::string(good) + "\"").http.listen, good);
  }
  for (const char* bad : {"", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80x",
                          "127.0.0.1:-1", "::1:8080"}) {
    EXPECT_EQ(findings("[http]\nlisten = \"" + std::string(bad) + "\""),
              "test.toml:2: http.listen is not an address and a port (0 to 65535); write for example "
              "\"127.0.0.1:8080\" or \"[::1]:8080\"\n")
        << bad;
  }
}

TEST(Config, ADestinationNeedsANameAndAKnownKind) {
  EXPECT_EQ(findings("\n[[destination]]\n"),
            "test.toml:2: destination has no name; write for example name = \"kafka\"\n"
            "test.toml:2: destination has no kind; write for example kind = \"kafka\"\n");
  EXPECT_EQ(findings("[[destination]]\nname = \"a\"\nkind = \"flie\"\n"),
            "test.toml:1: kind is none of \"bus\", \"file\"; did you mean \"file\"?\n");
  EXPECT_EQ(findings("[destination]\nname = \"a\"\n"),
            "test.toml:2: destination.name is no list of tables; write each destination below a line "
            "[[destination]]\n");
  EXPECT_EQ(
      findings("destination = 5\n"),
      "test.toml:1: destination is no list of tables; write each destination below a line [[destination]]\n");
}

TEST(Config, WhatTheKindRefusesIsReportedAtTheDestination) {
  EXPECT_EQ(findings("\n[[destination]]\nname = \"a\"\nkind = \"bus\"\n"),
            "test.toml:2: destination a: topic is missing (write topic = \"user.events\")\n");
}

TEST(Config, WhatTheKindRefusesIsReportedAtItsOwnLineTogetherWithEverythingElse) {
  const std::string head = "[http]\nthreads = 0\n[[destination]]\nname = \"a\"\nkind = \"bus\"\n";
  EXPECT_EQ(findings(head + "topic = \"t\"\nbus.\"bad.one\" = 1\nretry = {initial = \"1m\"}\nwindow_events = "
                            "0\nbus.bad.two = 1\n"),
            "test.toml:2: http.threads is not within 1 and 256\n"
            "test.toml:7: bus.bad.one is refused\n"
            "test.toml:8: destination.a.retry.initial is longer than retry.max\n"
            "test.toml:9: window_events is not within 1 and 16777216\n"
            "test.toml:10: bus.bad.two is refused\n");
  EXPECT_EQ(findings(head + "topic = 5\n"),
            "test.toml:2: http.threads is not within 1 and 256\n"
            "test.toml:6: topic is not a text; write for example \"user.events\"\n")
      << "that the kind then misses its topic is a consequence";
}

TEST(Config, ARuleSaysNothingAboutAKeyThatIsWrongByItself) {
  EXPECT_EQ(findings("[http]\nmax_body_bytes = \"lots\"\n[limits]\nmax_event_bytes = \"16MiB\"\n")
                .find("is larger than"),
            std::string::npos);
}

TEST(Config, AClientMustBeKnowableAndItsGrantsSaySomething) {
  const std::string issuer = "[[issuer]]\nname = \"idp\"\nissuer = \"https://i\"\naudience = \"a\"\nalgorithms = [\"ES256\"]\njwks_file = \"k\"\n";
  const std::string hash(64, 'a');
  const auto client = [&](const std::string& lines) { return findings(issuer + "[[client]]\nname = \"a\"\n" + lines); };
  EXPECT_EQ(client("token_sha256 = [\"" + hash + "\"]"), "");
  EXPECT_EQ(client("jwt = {issuer = \"idp\", sub = \"a\"}"), "");
  for (const auto& [lines, word] : std::vector<std::pair<std::string, std::string>>{
           {"", "nobody could be this client"},
           {"token_sha256 = [\"abc\"]", "is not a SHA-256"},
           {"token = \"" + hash + "\"", "does not belong here"},
           {"jwt = {issuer = \"other\", sub = \"a\"}", "is the name of no [[issuer]]"},
           {"jwt = {issuer = \"idp\"}", "are given together"},
           {"cert_subject = \"CN=a\"", "needs http.tls.client_ca_file"},
           {"cert_san = [\"a\"]", "is neither DNS:NAME nor URI:ADDRESS"},
           {"rate = \"fast\"", "is no rate"},
           {"token_sha256 = [\"" + hash + "\"]\ngrants = {read = [\"!user.created\"]}", "only says what is not granted"},
           {"token_sha256 = [\"" + hash + "\"]\ngrants = {admin = \"yes\"}", "is neither true nor false"},
           {"token_sha256 = [\"" + hash + "\"]\ngrants = {raed = [\"*\"]}", "did you mean grants.read?"},
           {"token_sha256 = [\"" + hash + "\"]\n[[client]]\nname = \"a\"\ntoken_sha256 = [\"" + hash + "\"]", "is the name of two clients"}}) {
    EXPECT_NE(client(lines).find(word), std::string::npos) << lines << "\n" << client(lines);
  }
  EXPECT_NE(findings("[client]\nname = \"a\"\n").find("below a line [[client]]"), std::string::npos);
}

TEST(Config, AnIssuerMustSayWhatIsNeeded) {
  const std::string all = "[[issuer]]\nname = \"idp\"\nissuer = \"https://i\"\naudience = \"a\"\nalgorithms = [\"ES256\"]\njwks_url = \"https://i/k\"\n";
  EXPECT_EQ(findings(all), "");
  const auto without = [&](const std::string& key) {
    const auto begin = all.find("\n" + key + " =");
    return findings(std::string(all).erase(begin, all.find('\n', begin + 1) - begin));
  };
  for (const char* key : {"issuer", "audience", "algorithms", "jwks_url"}) EXPECT_NE(without(key), "") << key;
  EXPECT_NE(findings(all + "jwks_file = \"k\"\n").find("only one of them"), std::string::npos);
  EXPECT_NE(findings("[[issuer]]\nname = \"i\"\nalgorithms = [\"HS256\"]\njwks_url = \"http://i\"").find("is none of RS256"), std::string::npos);
  EXPECT_NE(findings("[[issuer]]\nname = \"i\"\njwks_url = \"http://i\"").find("is no https address"), std::string::npos);
}

TEST(Config, TwoDestinationsDoNotWriteOneFile) {
  const test::TemporaryDirectory folder;
  const std::string file = folder.write("x", "");
  const auto two = [](const std::string& first, const std::string& second) {
    return findings("[[destination]]\nname = \"a\"\nkind = \"file\"\n" + first +
                    "\n[[destination]]\nname = \"b\"\nkind = \"file\"\n" + second + "\n");
  };
  const std::string other = std::filesystem::path(file).parent_path().string() + "/./x";
  EXPECT_EQ(two("path = \"" + file + "\"", "path = \"" + other + "\""),
            "test.toml:8: destination.b.path is the file of destination a too; two writers would mix their "
            "lines\n");
  EXPECT_EQ(two("path = \"" + file + "\"", "topic = \"" + file + "\""),
            "test.toml:8: destination.b.topic is the file of destination a too; two writers would mix their "
            "lines\n");
  EXPECT_EQ(two("path = \"" + file + "\"", "path = \"" + file + "2\""), "");
  EXPECT_EQ(two("path = \"/dev/null\"", "path = \"/dev/null\""), "");
}

TEST(Config, ASourceIsAtMostAsLongAsAnEventTakesIt) {
  EXPECT_EQ(must_load("source = \"" + std::string(512, 'a') + "\"").source.size(), 512u);
  EXPECT_EQ(findings("source = \"" + std::string(513, 'a') + "\""),
            "test.toml:1: source is not a URI reference of 1 to 512 characters; write for example "
            "\"urn:example:user-service\"\n");
}

TEST(Config, AKeyGivenInTwoWaysIsRefused) {
  EXPECT_EQ(findings("[[destination]]\nname = \"a\"\nkind = \"bus\"\ntopic = \"t\"\nbus.x.y = "
                     "\"1\"\nbus.\"x.y\" = \"2\"\n"),
            "test.toml:6: bus.x.y is given twice\n");
}

TEST(Config, AllFindingsAreReportedInTheOrderOfTheirLines) {
  const auto loaded = load_text("zoo = 1\n[http]\nthreads = 0\nlisten = 5\n", "test.toml");
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().fields.size(), 3u);
  EXPECT_EQ(loaded.error().message, "test.toml:1: zoo is not a known key; docs/configuration.md lists them");
  EXPECT_EQ(loaded.error().hint, "") << "all are listed";
  EXPECT_EQ(loaded.error().fields[1].pointer, "http.threads");
  EXPECT_EQ(loaded.error().fields[2].pointer, "http.listen");
}

TEST(Config, ATableWithoutAGoodNameIsRefusedWithItsLine) {
  for (const char* bad : {"[+x]", "[!", "[", "[[=]]", "[.a]", "+x = 1", "[a.+]", "x = 0\xC9\x92", "x = \xC3\xA9"}) {
    const auto loaded = load_text(std::string("data_dir = \"x\"\n") + bad + "\n", "test.toml");
    ASSERT_FALSE(loaded) << bad;
    EXPECT_TRUE(loaded.error().message.starts_with("test.toml:2: ") || loaded.error().message.starts_with("test.toml:3: ")) << loaded.error().message;
  }
}

TEST(Config, AControlCharacterIsRefusedWithItsLine) {
  for (const char c : {'\0', '\x01', '\x0B', '\x1F', '\x7F'}) {
    const auto loaded = load_text(std::string("data_dir = \"x\"\n[") + c + "journal]\n", "test.toml");
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().message, "test.toml:2: not TOML: a control character");
  }
  EXPECT_TRUE(load_text("data_dir =\t\"x\"\r\n", "test.toml"));
}

TEST(Config, AnAdministratorsFileIsLaidOverTheSettingsOfDestinationsThatAreConfigured) {
  const test::TemporaryDirectory folder;
  const auto options = must_load("[[destination]]\nname = \"a\"\nkind = \"bus\"\ntopic = \"t\"\npassword = \"ours\"\nbus.x = \"1\"\n");
  const auto secret = folder.write("secret", "theirs\n");
  const auto loaded = load_administrators(folder.write("admin.toml", "[[destination]]\nname = \"a\"\npassword_file = \"" + secret + "\"\n"), options);
  ASSERT_TRUE(loaded) << describe(loaded.error());
  ASSERT_EQ(loaded->size(), 1u);
  EXPECT_EQ(loaded->front().topic, "t");
  EXPECT_EQ(loaded->front().settings, (std::map<std::string, std::string>{{"password", "theirs"}, {"bus.x", "1"}}));
}

TEST(Config, AnAdministratorsFileSaysNothingElse) {
  const test::TemporaryDirectory folder;
  const auto options = must_load("[[destination]]\nname = \"a\"\nkind = \"bus\"\ntopic = \"t\"\n");
  const auto finding = [&](std::string_view text) {
    const auto file = folder.write("admin.toml", text);
    const auto loaded = load_administrators(file, options);
    return loaded ? "none" : loaded.error().message.substr(file.size());
  };
  EXPECT_EQ(finding("data_dir = \"x\"\n"), ":1: data_dir does not belong here; an administrator's file has [[destination]] tables alone");
  EXPECT_EQ(finding("[[destination]]\nname = \"b\"\n"), ":1: destination has no name of a destination that is configured");
  EXPECT_TRUE(finding("[[destination]]\nname = \"a\"\ntopic = \"x\"\n").starts_with(":3: topic is not a known key of a bus destination"));
  EXPECT_EQ(finding("[[destination]]\nname = \"a\"\nbus.bad = \"x\"\n"), ":3: bus.bad is refused");
}

TEST(Config, ConsumersAreForKindsWhoseBrokerHasAccessControl) {
  const std::string head = "[[destination]]\nname = \"a\"\nkind = \"bus\"\ntopic = \"t\"\n";
  EXPECT_EQ(findings(head + "consumers = [\"crm\"]\n"),
            "test.toml:5: consumers is not for a bus destination, whose readers nobody here administers (leave it out)\n");
  EXPECT_NE(findings(head + "consumers = [\"crm group=\"]\n").find("test.toml:5: consumers"), std::string::npos);
}

TEST(Config, AHintSaysThatThereIsMoreOnlyWhereNotAllIsListed) {
  const test::TemporaryDirectory folder;
  const std::string file = folder.write("c.toml", "zoo = 1\nape = 1\n");
  EXPECT_EQ(Options::load(file).error().hint, "1 more: user-events config check --config " + file)
      << "a program shows the first only";
  std::string many;
  for (int i = 0; i < 40; ++i) many += "zoo" + std::to_string(i) + " = 1\n";
  const auto loaded = load_text(many, "test.toml");
  EXPECT_EQ(loaded.error().fields.size(), 32u);
  EXPECT_EQ(loaded.error().hint, "there are 40 errors; the first 32 are listed");
}

TEST(Config, EveryKeyHasItsLine) {
  const auto loaded = load_text(
      "[http]\nlisten = \"127.0.0.1:1\"\n\n[[destination]]\nname = \"a\"\nkind = \"file\"\nretry = {max = "
      "\"1h\"}\n",
      "test.toml");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->line_of("http.listen"), 2u);
  EXPECT_EQ(loaded->line_of("destination.a.retry.max"), 7u);
  EXPECT_EQ(loaded->line_of("destination.a.types"), 4u) << "not given: where the destination begins";
  EXPECT_EQ(loaded->line_of("log.level"), 0u);
}

TEST(Config, AFindingIsOneLineWhateverItShows) {
  for (const char* const bad : {"a = t\n", "a = t\r\n", "a = tr\tue\n"}) {
    const auto loaded = load_text(bad, "test.toml");
    ASSERT_FALSE(loaded) << bad;
    EXPECT_EQ(loaded.error().message.find_first_of("\n\r\t"), std::string::npos) << loaded.error().message;
  }
}

TEST(Config, BrokenTomlNamesFileAndLine) {
  const auto loaded = load_text("a = 1\nb = = 2\n", "test.toml");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, "config-syntax");
  EXPECT_TRUE(loaded.error().message.starts_with("test.toml:2: not TOML: ")) << loaded.error().message;
}

TEST(Config, AMissingFileSaysWhichAndHowToNameAnother) {
  const auto loaded = Options::load("/nonexistent/user-events.toml");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::usage);
  EXPECT_EQ(describe(loaded.error()),
            "/nonexistent/user-events.toml cannot be read (name the configuration file with --config FILE)");
  EXPECT_FALSE(Options::load(std::filesystem::temp_directory_path().string()));  // a folder
}

TEST(Config, ASecretComesFromAFileOrTheEnvironment) {
  const test::TemporaryDirectory folder;
  const std::string file = folder.write("secret", "swordfish\n");
  ::setenv("UE_TEST_SECRET", "from-env", 1);
  const Options o = must_load(
      "[[destination]]\nname = \"a\"\nkind = \"bus\"\ntopic_env = "
      "\"UE_TEST_SECRET\"\nbus.\"sasl.password_file\" = \"" +
      file + "\"\npassword_env = \"UE_TEST_SECRET\"\n");
  ASSERT_EQ(o.destinations.size(), 1u);
  EXPECT_EQ(o.destinations[0].settings.at("bus.sasl.password"), "swordfish");
  EXPECT_EQ(o.destinations[0].settings.at("password"), "from-env");
  EXPECT_EQ(o.destinations[0].topic, "from-env");
  ::unsetenv("UE_TEST_SECRET");
}

TEST(Config, ASecretThatIsNotThereIsAFinding) {
  const test::TemporaryDirectory folder;
  const std::string head = "[[destination]]\nname = \"a\"\nkind = \"bus\"\ntopic = \"t\"\n";
  ::unsetenv("UE_TEST_ABSENT");
  EXPECT_EQ(findings(head + "password_env = \"UE_TEST_ABSENT\"\n"),
            "test.toml:5: password_env names the environment variable UE_TEST_ABSENT, which is not set\n");
  EXPECT_EQ(findings(head + "password_file = \"/nonexistent\"\n"),
            "test.toml:5: password_file names /nonexistent, which cannot be read\n");
  const std::string empty = folder.write("empty", "\n");
  EXPECT_EQ(findings(head + "password_file = \"" + empty + "\"\n"),
            "test.toml:5: password_file names " + empty + ", which is empty\n");
  EXPECT_EQ(findings(head + "password = \"x\"\npassword_file = \"" + empty + "x\"\n"),
            "test.toml:6: password_file names " + empty + "x, which cannot be read\n");
  const std::string full = folder.write("full", "x");
  EXPECT_EQ(findings(head + "password = \"x\"\npassword_file = \"" + full + "\"\n"),
            "test.toml:6: password_file is given twice\n");
}

TEST(Config, ASettingWhoseOwnNameEndsLikeAReferenceIsTakenAsItIs) {
  const Options o = must_load("[[destination]]\nname = \"a\"\nkind = \"file\"\nkey_file = \"/etc/key\"\n");
  EXPECT_EQ(o.destinations[0].settings.at("key_file"), "/etc/key");
}

TEST(Config, NoFindingRepeatsAValue) {
  for (const char* text :
       {"data_dir = 77123\n", "[log]\nlevel = \"swordfish\"\n", "[http]\nlisten = \"swordfish\"\n",
        "swordkey = \"swordfish\"\n", "[[destination]]\nname = \"a\"\nkind = \"swordfish\"\n",
        "[journal]\nmax_bytes = \"swordfish\"\n"}) {
    const std::string found = findings(text);
    EXPECT_FALSE(found.empty());
    EXPECT_EQ(found.find("swordfish"), std::string::npos) << found;
    EXPECT_EQ(found.find("77123"), std::string::npos) << found;
  }
}

TEST(Config, ASwitchOfTheCommandLineIsCheckedLikeTheFile) {
  Options options;
  EXPECT_TRUE(set_text(options, "http.listen", "127.0.0.1:0", "--listen"));
  EXPECT_EQ(options.http.listen, "127.0.0.1:0");
  const auto refused = set_text(options, "http.listen", "nowhere", "--listen");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  EXPECT_TRUE(refused.error().message.starts_with("--listen is not an address and a port"))
      << refused.error().message;
}

}  // namespace
}  // namespace user_events::config

#include "audit/export.h"

#include <fmt/format.h>

#include <span>
#include <vector>

#include "audit/checkpoint.h"
#include "base/hex.h"
#include "base/json_reading.h"
#include "base/json_writer.h"
#include "base/time_text.h"
#include "base/try.h"
#include "journal/segment.h"

namespace user_events::audit {
namespace {

constexpr std::string_view kCsvHeader = "journal,sequence,time,id,type,principal,record,sha256\r\n";

std::string hex_of(const journal::Hash& hash) {
  std::string out;
  base::append_hex({reinterpret_cast<const char*>(hash.data()), hash.size()}, out);
  return out;
}

/// RFC 4180; a text that a spreadsheet would take for a formula is made a plain one.
void append_csv(std::string_view text, std::string& out) {
  out += '"';
  if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) out += '\'';
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

/// What a line says of a record.
struct Line {
  std::string_view journal;
  std::uint64_t sequence;
  std::string time;
  std::string_view id, type, principal, record;
  std::string digest;
};

std::string to_text(const Line& line, ExportFormat format) {
  std::string out;
  if (format == ExportFormat::csv) {
    out = fmt::format("{},{},{},", line.journal, line.sequence, line.time);
    for (const auto text : {line.id, line.type, line.principal, line.record}) append_csv(text, out), out += ',';
    return out + line.digest + "\r\n";
  }
  base::ObjectWriter object(out);
  object.text("journal", line.journal);
  object.number("sequence", line.sequence);
  object.text("time", line.time);
  object.text("id", line.id);
  object.text("type", line.type);
  object.text("principal", line.principal);
  if (!line.record.empty()) object.raw("record", line.record);
  object.text("sha256", line.digest);
  object.end();
  return out + "\n";
}

class Exporter {
 public:
  Exporter(ports::FileSystem& files, const std::string& data_dir, ExportFormat format, const ExportRange& range, const WriteLine& write)
      : files_(files), data_dir_(data_dir), format_(format), range_(range), write_(write) {}

  Result<std::uint64_t> run() {
    UE_TRY_ASSIGN(const auto events_lock, journal::share_lock({files_, data_dir_ + "/journal"}));
    UE_TRY_ASSIGN(const auto audit_lock, journal::share_lock({files_, data_dir_ + "/audit"}));
    if (format_ == ExportFormat::csv) UE_TRY(write_(kCsvHeader));
    UE_TRY_ASSIGN(const auto acts, walk("audit", data_dir_ + "/audit", range_.last_act));
    UE_TRY_ASSIGN(const auto events, walk("events", data_dir_ + "/journal", range_.last_event));
    UE_TRY(write_(last_line(acts, events)));
    return lines_;
  }

 private:
  /// Where the journal ended when it was exported, at most at `last`.
  Result<ChainHead> walk(std::string_view name, const std::string& directory, std::uint64_t last) {
    Result<void> done;
    ChainHead end;
    journal::ChainObserver observer;
    std::vector<journal::RecordView> records;
    observer.on_frame = [&](const journal::WalkedFrame& frame) {
      if (frame.header.first_sequence > last) return false;
      if (!decode_records(frame.header, frame.body, records)) {
        done = fail(ErrorKind::damaged, "journal-damaged", "a frame's records are not what its header says", "run audit verify");
        return false;
      }
      if (frame.header.last_sequence() <= last) end.head = {frame.header.last_sequence(), frame.hash};
      for (const auto& record : records)
        if (done && record.sequence <= last && is_in_range(record)) done = write_record(name, record);
      return done.has_value();
    };
    observer.on_defect = [&](const journal::ChainDefect& defect) {
      if (done) done = fail(ErrorKind::damaged, "journal-damaged", fmt::format("the journal '{}' is not as it was written: {}", name, defect.what), "run audit verify; it names everything");
    };
    UE_TRY_ASSIGN(const auto summary, journal::walk_chain(files_, directory, observer));
    if (!done) return std::unexpected(done.error());
    end.journal = summary.journal;
    return end;
  }

  bool is_in_range(const journal::RecordView& record) const {
    return record.accepted_ms >= range_.since_ms.value_or(INT64_MIN) && record.accepted_ms < range_.until_ms.value_or(INT64_MAX);
  }

  Result<void> write_record(std::string_view name, const journal::RecordView& record) {
    const bool is_act = name == "audit";
    // Of an event only the hash of what lies there, which may be personal data, sealed or not.
    std::string content;
    for (const auto part : {record.id, record.type, record.key, record.scope, record.payload}) content += fmt::format("{}:", part.size()), content += part;
    Line line{name, record.sequence, base::time_text(record.accepted_ms), record.id, record.type, {}, {}, hex_of(sha_(std::as_bytes(std::span(content))))};
    line.principal = is_act ? record.scope : journal::principal_in(record.scope);
    if (is_act) line.record = record.payload;
    ++lines_;
    return write_(to_text(line, format_));
  }

  std::string last_line(const ChainHead& acts, const ChainHead& events) const {
    std::string json;
    base::ObjectWriter object(json);
    object.text("format", format_ == ExportFormat::csv ? "csv" : "ndjson");
    if (range_.since_ms) object.text("since", base::time_text(*range_.since_ms));
    if (range_.until_ms) object.text("until", base::time_text(*range_.until_ms));
    object.number("lines", lines_);
    for (const auto& [name, chain] : {std::pair("events", &events), std::pair("audit", &acts)}) {
      std::string one = R"({"journal":")" + chain->journal + R"(",)";
      append_head(chain->head, one);
      object.raw(name, one + "}");
    }
    object.end();
    if (format_ == ExportFormat::ndjson) return R"({"proof":)" + json + "}\n";
    std::string out = "proof,,,,,,";
    append_csv(json, out);
    return out + ",\r\n";
  }

  ports::FileSystem& files_;
  const std::string& data_dir_;
  const ExportFormat format_;
  const ExportRange& range_;
  const WriteLine& write_;
  journal::Sha256 sha_;
  std::uint64_t lines_ = 0;
};

std::unexpected<Error> differs(std::string message) {
  return fail(ErrorKind::damaged, "export", std::move(message), "export it again, and compare");
}

/// What an export's last line says of it.
struct Said {
  ExportFormat format = ExportFormat::ndjson;
  ExportRange range;
};

Result<Said> read_last_line(std::string_view line) {
  std::string json(line);
  Said out;
  if (line.starts_with("proof,")) {
    out.format = ExportFormat::csv;
    const auto begin = line.find('"'), end = line.rfind('"');
    if (begin == std::string_view::npos || end <= begin) return differs("the last line is not that of an export");
    json.clear();
    for (auto at = begin + 1; at < end; ++at) {
      json += line[at];
      if (line[at] == '"') ++at;
    }
    json = R"({"proof":)" + json + "}";
  }
  simdjson::dom::parser parser;
  simdjson::dom::object proof;
  const auto object = base::parse_object(parser, json);
  if (!object || object->at_key("proof").get_object().get(proof) != simdjson::SUCCESS) return differs("the last line is not that of an export: it was cut off");
  const auto last_of = [&](std::string_view name) {
    simdjson::dom::object chain;
    std::uint64_t sequence = ~0ull;
    const bool is_there = proof.at_key(name).get_object().get(chain) == simdjson::SUCCESS && chain.at_key("sequence").get_uint64().get(sequence) == simdjson::SUCCESS;
    return is_there ? sequence : ~0ull;
  };
  out.range.last_act = last_of("audit");
  out.range.last_event = last_of("events");
  const auto since = base::text_of(proof, "since"), until = base::text_of(proof, "until");
  if (since) out.range.since_ms = base::parse_time(*since);
  if (until) out.range.until_ms = base::parse_time(*until);
  return out;
}

}  // namespace

Result<std::uint64_t> export_records(ports::FileSystem& files, const std::string& data_dir, ExportFormat format, const ExportRange& range, const WriteLine& write) {
  return Exporter(files, data_dir, format, range, write).run();
}

Result<std::uint64_t> check_export(ports::FileSystem& files, const std::string& data_dir, std::string_view last_line,
                                 const std::function<std::optional<std::string>()>& next_line) {
  UE_TRY_ASSIGN(const Said said, read_last_line(last_line));
  std::uint64_t number = 0;
  const auto compare = [&](std::string_view expected) -> Result<void> {
    while (!expected.empty() && (expected.back() == '\n' || expected.back() == '\r')) expected.remove_suffix(1);
    const auto line = next_line();
    ++number;
    if (!line) return differs(fmt::format("the export ends at line {}, and the directory holds more", number));
    if (*line == expected) return {};
    return differs(fmt::format("line {} is not what the data directory holds", number));
  };
  UE_TRY_ASSIGN(const auto lines, export_records(files, data_dir, said.format, said.range, compare));
  if (next_line()) return differs(fmt::format("the export goes on behind line {}, and the directory holds no more", number));
  return lines;
}

}  // namespace user_events::audit

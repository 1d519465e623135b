// The switches of `dead-letters` and `destination`.
#include "cli/command_line_parts.h"
#include "user_events/delivery.h"

namespace user_events::cli {
namespace {

constexpr std::uint64_t kMostListed = 1'000'000'000;

void add_filter(CLI::App& command, LetterFilterArguments& filter) {
  command.add_option("--destination", filter.destination, "Only letters of this destination")->type_name("NAME");
  command
      .add_option("--type", filter.types,
                  "Only these types: user.created, user.*, '!user.login.failed'; may be repeated")
      ->type_name("TYPE")
      ->take_all();
  command.add_option("--user", filter.user, "Only letters of this user id")->type_name("ID");
  command
      .add_option("--state", filter.states, "Only these: dead, held, parked, replaying, skipped; may be repeated")
      ->type_name("STATE")
      ->take_all();
  command.add_option("--cause", filter.cause, "Only letters whose reason contains this, in either case")
      ->type_name("TEXT");
  command.add_option("--since", filter.since, "Only letters stored at or after this time (RFC 3339)")->type_name("TIME");
  command.add_option("--until", filter.until, "Only letters stored before this time")->type_name("TIME");
}

void add_choice(CLI::App& command, DeadLetterArguments& a) {
  command.add_option("NUMBER", a.numbers, "Numbers of letters, as `dead-letters list` shows them")
      ->check(whole_number(1, UINT64_MAX));
  add_filter(command, a.filter);
  command.add_flag("--all", a.all, "Every letter of every destination");
}

void add_number(CLI::App& command, DeadLetterArguments& a, const char* what) {
  command.add_option("NUMBER", a.numbers, what)->required()->expected(1)->check(whole_number(1, UINT64_MAX));
}

void add_data_dir(CLI::App& command, std::string& data_dir) {
  command.add_option("--data-dir", data_dir, "Read a data directory whose daemon is down")->type_name("DIR");
}

void add_list(CLI::App& group, DeadLetterArguments& a) {
  auto* list = group.add_subcommand("list", "Which there are, and why");
  add_filter(*list, a.filter);
  list->add_option("--after", a.after, "Only letters with a number above this")
      ->check(whole_number(0, UINT64_MAX))
      ->type_name("N");
  list->add_option("--limit", a.limit, "At most so many")
      ->check(whole_number(1, kMostListed))
      ->capture_default_str()
      ->type_name("N");
  list->add_flag("--discarded", a.discarded, "The record of letters that were given up: who decided so, when and why");
  list->add_flag("--show-users", a.show_users, "With the users they belong to, which are personal data");
  add_data_dir(*list, a.data_dir);
  list->add_flag("--json", a.json, "As JSON, a letter a line");
  list->footer("Examples:\n  user-events dead-letters list\n  user-events dead-letters list --destination kafka --state dead "
               "--cause 'too large'\n  user-events dead-letters list --discarded\n  user-events dead-letters list --data-dir /var/lib/user-events --json");
}

void add_replay(CLI::App& group, DeadLetterArguments& a) {
  auto* replay = group.add_subcommand("replay", "Send letters again, in order per user, with what is held behind them");
  add_choice(*replay, a);
  replay->add_option("--rate", a.rate, "At most so many events a second (default: as the destination takes them)")
      ->check(whole_number(1, kMaxReplayRate))
      ->type_name("N");
  replay->add_flag("--no-wait", a.no_wait, "Do not wait for the end; the daemon goes on by itself");
  replay->add_flag("--json", a.json, "As JSON, a replay a line");
  replay->footer("Exit status 1 if a letter failed again.\nExamples:\n  user-events dead-letters replay 17 18\n  user-events "
                 "dead-letters replay --destination kafka --rate 500\n  user-events dead-letters replay --all --no-wait");
}

void add_discard(CLI::App& group, DeadLetterArguments& a) {
  auto* discard = group.add_subcommand("discard", "Give letters up for good; what is held behind them goes on");
  add_choice(*discard, a);
  discard->add_option("--reason", a.reason, "Why; it is recorded, with your name and each event's id")
      ->required()
      ->type_name("TEXT");
  discard->add_flag("--json", a.json, "As JSON");
  discard->footer("Examples:\n  user-events dead-letters discard 17 --reason 'sent by hand'\n  user-events dead-letters "
                  "discard --destination old --reason 'taken out of service'");
}

void add_smaller(CLI::App& group, DeadLetterArguments& a) {
  auto* show = group.add_subcommand("show", "One letter with its event, or the record of one that was given up");
  add_number(*show, a, "Number of the letter");
  add_data_dir(*show, a.data_dir);
  show->footer("Example:\n  user-events dead-letters show 17");
  auto* replays = group.add_subcommand("replays", "The replays on record, newest first");
  replays->footer("Example:\n  user-events dead-letters replays");
  auto* cancel = group.add_subcommand("cancel", "End a replay; what was not sent yet stays a dead letter");
  add_number(*cancel, a, "Number of the replay");
  cancel->footer("Example:\n  user-events dead-letters cancel 3");
  for (auto* one : {show, replays, cancel}) one->add_flag("--json", a.json, "As JSON");
}

}  // namespace

void add_dead_letters(CLI::App& app, DeadLetterArguments& a, Action& action) {
  auto* group = app.add_subcommand("dead-letters", "Events that could not be delivered: list, send again, give up");
  group->require_subcommand(1);
  add_list(*group, a);
  add_smaller(*group, a);
  add_replay(*group, a);
  add_discard(*group, a);
  using Run = Result<void> (*)(const DeadLetterArguments&);
  const std::pair<const char*, Run> runs[] = {{"list", dead_letters_list},       {"show", dead_letters_show},
                                              {"replay", dead_letters_replay},   {"discard", dead_letters_discard},
                                              {"replays", dead_letters_replays}, {"cancel", dead_letters_cancel}};
  for (const auto& [name, run] : runs) {
    auto* command = group->get_subcommand(name);
    add_client_options(*command, a.client);
    command->callback([&a, &action, run] { action = [&a, run] { return run(a); }; });
  }
  group->footer("Examples:\n  user-events dead-letters list\n  user-events dead-letters show 17\n  user-events dead-letters "
                "replay --destination kafka\n  user-events dead-letters discard 17 --reason 'sent by hand'");
}

void add_destination(CLI::App& app, DestinationArguments& a, Action& action) {
  auto* group = app.add_subcommand("destination", "Where events go: list, pause, resume, send again");
  group->require_subcommand(1);
  group->add_subcommand("list", "How each one is")->footer("Example:\n  user-events destination list");
  group->add_subcommand("pause", "Send nothing more there; survives restarts")->footer("Example:\n  user-events destination pause kafka");
  group->add_subcommand("resume", "Go on with a paused one")->footer("Example:\n  user-events destination resume kafka");
  auto* replay = group->add_subcommand("replay", "Send a stretch of the journal there again, marked as a replay");
  auto* from = replay->add_option("--from", a.from, "Begin with the event of this number")
                   ->check(whole_number(1, UINT64_MAX))
                   ->type_name("N");
  replay->add_option("--since", a.since, "Begin with the first event accepted at or after this time (RFC 3339)")
      ->type_name("TIME")
      ->excludes(from);
  replay->footer("Examples:\n  user-events destination replay kafka --from 4711\n  user-events destination replay kafka --since "
                 "2026-11-24T09:00:00Z");
  using Run = Result<void> (*)(const DestinationArguments&);
  const std::pair<const char*, Run> runs[] = {
      {"list", destination_list}, {"pause", destination_pause}, {"resume", destination_resume}, {"replay", destination_replay}};
  for (const auto& [name, run] : runs) {
    auto* command = group->get_subcommand(name);
    if (run != destination_list) command->add_option("NAME", a.name, "Name of the destination")->required();
    command->add_flag("--json", a.json, "As JSON");
    add_client_options(*command, a.client);
    command->callback([&a, &action, run] {
      if (run == destination_replay && !a.from && a.since.empty()) throw CLI::RequiredError("--from or --since");
      action = [&a, run] { return run(a); };
    });
  }
  group->footer("Examples:\n  user-events destination list\n  user-events destination pause kafka\n  user-events destination "
                "resume kafka\n  user-events destination replay kafka --from 4711");
}

}  // namespace user_events::cli

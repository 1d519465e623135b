#include "cli/commands.h"

int main(int argc, char** argv) { return user_events::cli::run(argc, argv); }

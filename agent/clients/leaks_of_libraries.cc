// Built with AddressSanitizer only: which leaks are a library's and not ours. In the program itself, for its
// environment is emptied by the agent.
extern "C" {

// libpqxx 6.4 loses the result of a BEGIN that the server refuses, as the constructor of its transaction throws. It is
// named by libpq's function, because the stack through libpqxx, which keeps no frame pointer, takes too long to walk.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
const char* __lsan_default_suppressions() { return "leak:PQmakeEmptyPGresult\n"; }

// NOLINTNEXTLINE(bugprone-reserved-identifier)
const char* __lsan_default_options() { return "print_suppressions=0"; }
}

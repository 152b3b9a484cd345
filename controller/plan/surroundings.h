// What libpq would look at beside the connection string: the environment, the user, two files. A value, so that all
// that is made of it stays pure; who fills it in does the reading. Thread-safe as far as `read` is.
#ifndef PARALLAX_CONTROLLER_PLAN_SURROUNDINGS_H_
#define PARALLAX_CONTROLLER_PLAN_SURROUNDINGS_H_

#include <functional>
#include <map>
#include <string>

namespace parallax::plan {

struct FileText {
  bool there = false;
  bool regular = false;       // a plain file; nothing else is read
  bool private_file = false;  // no other user may do anything with it
  std::string text;
  std::string error;  // why it cannot be read, though it is there
};

struct Surroundings {
  std::map<std::string, std::string> variables;
  std::string os_user;                                    // the operating system's name of who runs this; "" not known
  std::string home;                                       // "" none
  std::function<FileText(const std::string& path)> read;  // null: no file is there

  // "" when it is not set; libpq too takes an empty one for none.
  std::string Variable(const std::string& name) const {
    const auto found = variables.find(name);
    return found == variables.end() ? "" : found->second;
  }
  FileText Read(const std::string& path) const { return read == nullptr ? FileText() : read(path); }
};

}  // namespace parallax::plan

#endif  // PARALLAX_CONTROLLER_PLAN_SURROUNDINGS_H_

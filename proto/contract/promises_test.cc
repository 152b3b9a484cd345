// The contract may only grow: stored runs, exports and agents of other versions hold on to numbers, names and types.
// proto/contract/promises.txt has a line for each field and each value of an enum that is stored or travels; what is
// computed anew each time (comparison, finding, experiment) is free.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "parallax/v1/plan.pb.h"
#include "parallax/v1/run.pb.h"
#include "parallax/v1/session.pb.h"

namespace parallax::contract {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

class Lines {
 public:
  void Add(const FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i) Add(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) Add(*file.enum_type(i));
    for (int i = 0; i < file.dependency_count(); ++i) Add(*file.dependency(i));
  }
  const std::set<std::string>& lines() const { return lines_; }

 private:
  void Add(const EnumDescriptor& type) {
    for (int i = 0; i < type.value_count(); ++i) {
      lines_.insert(absl::StrCat(type.full_name(), ".", type.value(i)->name(), " ", type.value(i)->number()));
    }
  }
  void Add(const Descriptor& message) {
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      std::string type = field.type_name();
      if (field.message_type() != nullptr) type = field.message_type()->full_name();
      if (field.enum_type() != nullptr) type = field.enum_type()->full_name();
      lines_.insert(absl::StrCat(field.full_name(), " ", field.number(), field.is_repeated() ? " repeated " : " ", type,
                                 " ", field.json_name()));
    }
    for (int i = 0; i < message.nested_type_count(); ++i) Add(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i) Add(*message.enum_type(i));
  }

  std::set<std::string> lines_;
};

TEST(Promises, OfTheContractAreKept) {
  Lines tree;
  tree.Add(*v1::Run::descriptor()->file());
  tree.Add(*v1::ControllerMessage::descriptor()->file());
  tree.Add(*v1::Plan::descriptor()->file());
  std::set<std::string> promised;
  std::ifstream file(std::string(PARALLAX_SOURCE_DIR) + "/proto/contract/promises.txt");
  for (std::string line; std::getline(file, line);) promised.insert(line);
  ASSERT_FALSE(promised.empty());
  for (const std::string& line : promised) {
    EXPECT_TRUE(tree.lines().contains(line)) << line << "\nwas promised, and is gone. Keep it, deprecated if need be.";
  }
  std::ostringstream missing;
  for (const std::string& line : tree.lines()) {
    if (!promised.contains(line)) missing << line << "\n";
  }
  EXPECT_TRUE(missing.str().empty()) << "new: add to proto/contract/promises.txt, sorted, these lines:\n"
                                     << missing.str();
}

}  // namespace
}  // namespace parallax::contract

#include "controller/dispatch/kept_plan.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <vector>

#include "contract/secret_names.h"
#include "parallax/v1/probe.pb.h"

namespace parallax::dispatch {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// By what it is and not by where it stands: a kind of probe that is added later is masked, too. Whether it changed any.
bool MaskRefs(Message* message) {
  if (message->GetDescriptor() == v1::SecretRef::descriptor()) {
    auto* ref = static_cast<v1::SecretRef*>(message);
    std::string shown = contract::ShownRef(ref->ref());
    if (shown == ref->ref()) return false;
    ref->set_ref(std::move(shown));
    return true;
  }
  const Reflection& reflection = *message->GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(*message, &fields);
  bool changed = false;
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      changed |= MaskRefs(reflection.MutableMessage(message, field));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(*message, field); ++i) {
      changed |= MaskRefs(reflection.MutableRepeatedMessage(message, field, i));
    }
  }
  return changed;
}

}  // namespace

std::string KeptPlan(const v1::Plan& plan, const std::string& sent) {
  v1::Plan kept = plan;
  return MaskRefs(&kept) ? kept.SerializeAsString() : sent;
}

}  // namespace parallax::dispatch

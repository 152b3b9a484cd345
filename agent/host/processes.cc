#include "agent/host/processes.h"

#include <algorithm>
#include <utility>

#include "contract/names.h"

namespace parallax::host {

ProcessTable::ProcessTable(std::vector<Process> processes, bool complete, std::string why, bool blind)
    : processes_(std::move(processes)), complete_(complete), why_incomplete_(std::move(why)), blind_(blind) {
  for (size_t i = 0; i < processes_.size(); ++i) {
    for (const uint64_t id : processes_[i].sockets) {
      const auto [at, fresh] = by_socket_.emplace(id, i);
      if (!fresh && processes_[i].start_ticks < processes_[at->second].start_ticks) at->second = i;
    }
  }
}

const Process* ProcessTable::Find(int32_t pid) const {
  const auto found = std::find_if(processes_.begin(), processes_.end(), [&](const Process& p) { return p.pid == pid; });
  return found == processes_.end() ? nullptr : &*found;
}

const Process* ProcessTable::OwnerOfSocket(uint64_t id) const {
  if (id == 0) return nullptr;
  const auto found = by_socket_.find(id);
  return found == by_socket_.end() ? nullptr : &processes_[found->second];
}

const Process* ProcessTable::HolderOfTun(std::string_view interface) const {
  const Process* oldest = nullptr;
  for (const Process& process : processes_) {
    const auto& tuns = process.tun_interfaces;
    if (std::find(tuns.begin(), tuns.end(), interface) == tuns.end()) continue;
    if (oldest == nullptr || process.start_ticks < oldest->start_ticks) oldest = &process;
  }
  return oldest;
}

std::vector<const Process*> ProcessTable::Tree(int32_t pid) const {
  std::vector<const Process*> tree;
  if (const Process* root = Find(pid); root != nullptr) tree.push_back(root);
  for (size_t i = 0; i < tree.size(); ++i) {  // grows while it is walked
    for (const Process& process : processes_) {
      const bool known = std::find(tree.begin(), tree.end(), &process) != tree.end();
      if (process.parent == tree[i]->pid && !known) tree.push_back(&process);
    }
  }
  return tree;
}

v1::Process ToMessage(const Process& process) {
  v1::Process message;
  message.set_pid(process.pid);
  message.set_name(process.name);
  message.set_process_state(contract::ProcessStateFromName(process.state));
  message.set_age_ns(process.age_ns);
  return message;
}

}  // namespace parallax::host

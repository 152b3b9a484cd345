// The five strengths against what the lab saw: tests/lab/calibration.tsv counts what each atom said, by the cause of
// the scenario. How it is read:
//
//  - refutes: the answer was never given in a run of the cause.
//  - strong: the answer is at least three times as frequent in runs of the cause as in all others.
//  - for: it was given in every run of the cause in which the atom was known, or it is as frequent there as elsewhere.
//  - against: it was never given in a run of the cause, or it is at most as frequent there as elsewhere.
//
// Frequencies are among the runs in which the atom was known, with half a run added to each count. Not judged are a
// cause without a run in the lab, an answer that no run gave, and one of an atom that was known in runs of the cause
// alone.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "controller/diagnose/catalogue.h"

namespace parallax::diagnose {
namespace {

struct Counts {
  double yes = 0;
  double no = 0;
};

struct Table {
  std::map<std::pair<std::string, std::string>, Counts> said;  // atom, cause
  std::map<std::string, Counts> all;                           // atom
  std::map<std::string, int> runs;                             // cause
};

Table ReadTable() {
  Table table;
  std::ifstream file(PARALLAX_SOURCE_DIR "/tests/lab/calibration.tsv");
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#' || line.rfind("atom\t", 0) == 0) continue;
    std::istringstream cells(line);
    std::string atom;
    std::string cause;
    Counts counts;
    cells >> atom >> cause >> counts.yes >> counts.no;
    if (atom == "*") {
      table.runs[cause] = static_cast<int>(counts.yes);
      continue;
    }
    table.said[{atom, cause}] = counts;
    table.all[atom].yes += counts.yes;
    table.all[atom].no += counts.no;
  }
  return table;
}

double Frequency(double said, double known) { return (said + 0.5) / (known + 1); }

class Judge {
 public:
  Judge(const Table& table, const Cause& cause, Atom atom) {
    const std::string name(RowOf(atom).name);
    const auto own = table.said.find({name, std::string(cause.id)});
    if (own != table.said.end()) own_ = own->second;
    const auto all = table.all.find(name);
    if (all != table.all.end()) others_ = {all->second.yes - own_.yes, all->second.no - own_.no};
  }

  // "" when the lab bears it out.
  std::string WhyNot(bool yes, Strength strength) const {
    const double own = yes ? own_.yes : own_.no;
    const double others = yes ? others_.yes : others_.no;
    if (strength == Strength::kNothing || own + others == 0) return "";
    if (strength == Strength::kRefutes) return own > 0 ? "it was said in a run of the cause" : "";
    const double known = own_.yes + own_.no;
    const double elsewhere = others_.yes + others_.no;
    if (known == 0 || elsewhere == 0) return "";
    if (strength == Strength::kAgainst && own == 0) return "";
    if (strength == Strength::kFor && own == known) return "";
    const double ratio = Frequency(own, known) / Frequency(others, elsewhere);
    std::ostringstream words;
    words << "it is " << ratio << " times as frequent there as elsewhere";
    const bool held = strength == Strength::kStrong ? ratio >= 3 : strength == Strength::kFor ? ratio >= 1 : ratio <= 1;
    return held ? "" : words.str();
  }

 private:
  Counts own_;
  Counts others_;
};

// What the lab's mixture of scenarios shows otherwise, and why the strength stands all the same.
const std::map<std::pair<std::string_view, std::string_view>, const char*> kOtherwise = {
    {{"tls.untrusted", "certificate_untrusted"},
     "the lab's authority is a private one: every run sees that, and where the handshake passes it is a note"},
    {{"target.down", "reference_is_the_bastion"},
     "one of its three scenarios has the inside agent on the bastion, to see that the confidence falls"},
};

TEST(Calibration, TheLabBearsOutEveryStrength) {
  const Table table = ReadTable();
  ASSERT_FALSE(table.runs.empty()) << "tests/lab/calibration.tsv is not there: lab.py run --all --keep-runs DIR, then "
                                      "lab.py calibrate DIR";
  int judged = 0;
  size_t excused = 0;
  for (const Cause& cause : Catalogue()) {
    if (!table.runs.contains(std::string(cause.id))) continue;
    for (const Link& link : cause.links) {
      const std::string_view atom = RowOf(link.atom).name;
      const Judge judge(table, cause, link.atom);
      for (const bool yes : {true, false}) {
        const std::string why_not = judge.WhyNot(yes, yes ? link.yes : link.no);
        judged += (yes ? link.yes : link.no) == Strength::kNothing ? 0 : 1;
        if (kOtherwise.contains({cause.id, atom})) {
          excused += why_not.empty() ? 0 : 1;
          continue;
        }
        EXPECT_EQ(why_not, "") << atom << (yes ? ": yes" : ": no") << " for " << cause.id;
      }
    }
  }
  EXPECT_GT(judged, 100);
  EXPECT_EQ(excused, kOtherwise.size()) << "an excuse that is not needed";
}

// The table is of the atoms and causes of today.
TEST(Calibration, TheTableIsOfThisCatalogue) {
  const Table table = ReadTable();
  std::set<std::string> atoms;
  for (const AtomRow& row : Atoms()) atoms.insert(std::string(row.name));
  for (const auto& [key, counts] : table.said) EXPECT_TRUE(atoms.contains(key.first)) << key.first;
  for (const auto& [cause, runs] : table.runs) {
    if (cause == "healthy" || cause == "cannot_tell") continue;
    EXPECT_NE(FindCause(cause), nullptr) << cause;
  }
}

}  // namespace
}  // namespace parallax::diagnose

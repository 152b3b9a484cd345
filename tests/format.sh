#!/usr/bin/env bash
# tests/format.sh [--fix]: whether every source is as clang-format 14 has it; with --fix it makes them so.
set -u
cd "$(dirname "$0")/.." || exit 1
case ${1-} in
  '') how=(--dry-run --Werror) ;;
  --fix) how=(-i) ;;
  *) echo "tests/format.sh: unknown option '$1'; it knows --fix" >&2; exit 2 ;;
esac
program=$(command -v clang-format-14 || command -v clang-format) ||
  { echo "format: clang-format is missing; run: deploy/install-packages.sh style"; exit 1; }
version=$("$program" --version | sed -E 's/.* version ([0-9]+).*/\1/')
if [ "$version" != 14 ]; then
  # Each release formats a little differently; the sources can be as one of them has it.
  echo "format: not checked: this is clang-format $version, and the sources are formatted by 14"; exit 0
fi
mapfile -t files < <(find agent controller proto tests -name '*.cc' -o -name '*.h' | sort)
[ ${#files[@]} -gt 0 ] || { echo "format: no source was found"; exit 1; }
"$program" "${how[@]}" "${files[@]}" || { echo "format: these differ; run: tests/format.sh --fix"; exit 1; }
echo "format: ${#files[@]} sources"

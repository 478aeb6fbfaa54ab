#!/bin/sh
# localize.sh ARCHIVE SYMBOLS OUT: an archive with one object in it, whose global symbols are those of the file SYMBOLS alone.
#
# libzbatch.a carries a whole libzstd.  Linked beside another one, the linker would take each function from whichever comes
# first, for both, and without a word.  With all other names made local the two cannot meet.
set -eu
archive=$1 symbols=$2 out=$3

# Nothing to do, and nobody to relink, when neither input has changed.
if [ -e "$out" ] && [ "$out" -nt "$archive" ] && [ "$out" -nt "$symbols" ] && [ "$out" -nt "$0" ]; then
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${LD:-ld}" -r -o "$work/zbatch.o" --whole-archive "$archive"
# The sections with bitcode make GNU ar call a plugin that does not know their version.
"${OBJCOPY:-objcopy}" --keep-global-symbols="$symbols" -R .llvmbc -R .llvmcmd "$work/zbatch.o"
"${STRIP:-strip}" --strip-debug "$work/zbatch.o"
rm -f "$out"
"${AR:-ar}" rcs "$out" "$work/zbatch.o"

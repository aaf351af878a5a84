#!/bin/sh
# prefix_symbols.sh PREFIX NM OBJCOPY OUT OBJECT...: joins the objects into OUT and puts PREFIX before every name they define.
set -e
prefix=$1 nm=$2 objcopy=$3 out=$4
shift 4
ld -r --unique -o "$out.joined" "$@"
"$nm" --defined-only --extern-only --format=posix "$out.joined" | awk -v p="$prefix" '{print $1 " " p $1}' | sort -u > "$out.names"
"$objcopy" --redefine-syms="$out.names" "$out.joined" "$out"
rm -f "$out.joined"

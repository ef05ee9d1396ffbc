#!/bin/sh
# Calls go one way: index -> graph -> vectors -> kernels, and arrow is used by index alone. An
# #include in native/ that runs back, or that names no room at all, fails.
#
# include_rules.sh [DIRECTORY]   DIRECTORY is native/ of this repository
set -eu

allowed() { # the rooms whose headers a room may include, besides the public ones
    case $1 in
    include) echo "" ;;
    kernels) echo "kernels" ;;
    vectors) echo "vectors kernels" ;;
    graph) echo "graph vectors kernels" ;;
    arrow) echo "arrow vectors kernels" ;;
    index) echo "index graph vectors kernels arrow" ;;
    *) echo "unknown" ;;
    esac
}

# Prints each line of a directory's sources that breaks a rule.
broken_includes() {
    (cd "$1" && find . \( -name '*.c' -o -name '*.h' \) -not -path './asm/*' | sort) |
        while read -r file; do
            room=$(echo "$file" | cut -d/ -f2)
            sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"\([^"]*\)".*/\1/p' "$1/$file" |
                while read -r header; do
                    target=${header%%/*}
                    [ "$target" = arbalest ] && continue
                    case " $(allowed "$room") " in
                    *" $target "*) ;;
                    *) echo "$file includes \"$header\"; $room may include: $(allowed "$room")" ;;
                    esac
                done
        done
}

# The check must see a planted fault before it is believed.
planted=$(mktemp -d)
trap 'rm -r "$planted"' EXIT
mkdir "$planted/kernels" "$planted/index"
echo '#include "graph/graph.h"' >"$planted/kernels/back.c"
echo '#include "graph/graph.h"' >"$planted/index/forward.c"
if [ "$(broken_includes "$planted" | wc -l)" -ne 1 ]; then
    echo "a planted fault was not found, or more than it" >&2
    exit 1
fi

native=${1:-$(cd "$(dirname "$0")/../../native" && pwd)}
broken=$(broken_includes "$native")
if [ -n "$broken" ]; then
    echo "$broken" >&2
    exit 1
fi

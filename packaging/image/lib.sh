# SPDX-License-Identifier: GPL-2.0-or-later
# What build-image and build-desktop share. The caller has set $here (this folder) and $cache.

# candidate PACKAGE...: the versions that apt would install now
candidate() { apt-cache policy "$@" | awk '/^[a-z0-9]/ { p = $1 } /Candidate:/ { print p, $2 }'; }
key() { sha256sum | cut -c1-16; }
say() { echo "image: $*" >&2; }
# words FILE: a list without its comments, on one line
words() { sed 's/#.*//' "$@" | xargs; }

# drop_others PREFIX KEEP: older cached versions of a piece
drop_others() {
	local path
	for path in "$cache/$1"-*; do
		[ "$path" = "$2" ] || rm -rf "$path"
	done
}

# debian NAME WHAT PACKAGE...: prints the archive of an installed Debian, which is made when these packages have new versions
debian() {
	local name=$1 what=$2 archive
	shift 2
	archive=$cache/$name-$( (candidate "$@"; echo "$*"; cat "$here/build-root") | key).tar
	if [ ! -e "$archive" ]; then
		say "$what"
		"$here/build-root" "$archive" "$@"
		drop_others "$name" "$archive"
	fi
	echo "$archive"
}

# tree_of_files DIR...: a digest of what some folders hold
tree_of_files() {
	find "$@" -type f ! -name '*.py' ! -path '*__pycache__*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
}

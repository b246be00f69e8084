# SPDX-License-Identifier: GPL-2.0-or-later
# Rounds of create and destroy leave the hypervisor's free memory where it was, to the last frame. The file
# "rounds" says how many.
. ./lib.sh
check toolstack toolstack
count=$(cat rounds)
printf 'type = "pvh"\nname = "tiny"\nmemory = 16\nkernel = "/job/tiny.elf"\n' > tiny.cfg
round() { timeout 60 xl create -q tiny.cfg && timeout 60 xl destroy tiny; }
# the first rounds settle what the tools and the hypervisor allocate once
for _ in 1 2 3; do
	round
done
before=$(settled_frames)
failed=
for n in $(seq "$count"); do
	round || { failed=$n; break; }
	[ $((n % 20)) != 0 ] || say "round $n: $(./free-pages) frames free"
done
check rounds-$count eval "[ -z '$failed' ] || { echo 'round $failed failed'; false; }"
check free-memory-constant frames_back "$before"
check no-domain-left eval '[ "$(xl list | wc -l)" = 2 ]'
say "free frames: before $before, after $(./free-pages)"

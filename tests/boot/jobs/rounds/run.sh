# SPDX-License-Identifier: GPL-2.0-or-later
# Rounds of create and destroy leave free memory where it was, to the page. The file "rounds" says how many.
. ./lib.sh
check toolstack toolstack
count=$(cat rounds)
printf 'type = "pvh"\nname = "tiny"\nmemory = 16\nkernel = "/job/tiny.elf"\n' > tiny.cfg
# free pages, from the hypervisor's own count
pages() { xl info | awk '$1 == "free_memory" { print $3 }'; }
round() { timeout 60 xl create -q tiny.cfg && timeout 60 xl destroy tiny; }
# the first rounds settle what the tools and the hypervisor allocate once
for _ in 1 2 3; do
	round
done
sleep 2
before=$(pages)
failed=
for n in $(seq "$count"); do
	round || { failed=$n; break; }
	[ $((n % 20)) != 0 ] || say "round $n: free $(pages) MiB"
done
check rounds-$count eval "[ -z '$failed' ] || { echo 'round $failed failed'; false; }"
check free-memory-constant within 20 eval "[ \$(pages) = $before ] || { echo \"before $before MiB, after \$(pages) MiB\"; false; }"
check no-domain-left eval '[ "$(xl list | wc -l)" = 2 ]'
say "free memory: before $before MiB, after $(pages) MiB"

# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of mullion(1)
_mullion()
{
	local current=${COMP_WORDS[COMP_CWORD]} command= position=0 word i
	local vm_commands="info get set rename start throw-away shutdown force-off reboot pause unpause save discard-saved
		console snapshot revert delete-snapshot clone delete add-disk remove-disk resize-disk"
	local network_commands="set-network start-network stop-network delete-network leases"
	local settings="title= notes= colour= os= template= autostart= type= memory= maxmemory= vcpus= maxvcpus= kernel= initrd=
		cmdline= bootloader= firmware= boot= viridian= on-reboot= on-crash= disk= nic="

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		case $word in
		-*) ;;
		*)
			if [ -z "$command" ]; then
				command=$word
			else
				position=$((position + 1))
			fi
			;;
		esac
	done
	COMPREPLY=()
	if [ -z "$command" ]; then
		COMPREPLY=($(compgen -W "list create check import $vm_commands networks create-network $network_commands jobs
			cancel host devices statistics log reload help" -- "$current"))
		return
	fi
	case " ${vm_commands//[$'\n\t']/ } " in
	*" $command "*)
		if [ "$position" = 0 ]; then
			COMPREPLY=($(compgen -W "$(mullion --json list 2>/dev/null | grep -o '"Name": "[^"]*"' |
				cut -d'"' -f4)" -- "$current"))
			return
		fi
		;;
	esac
	case " $network_commands " in
	*" $command "*)
		[ "$position" != 0 ] || COMPREPLY=($(compgen -W "$(mullion networks 2>/dev/null | tail -n +2 |
			cut -d' ' -f1)" -- "$current"))
		;;
	esac
	case $command in
	create | check | set) COMPREPLY=($(compgen -W "$settings" -- "$current")); compopt -o nospace 2>/dev/null ;;
	get) COMPREPLY=($(compgen -W "${settings//=/} disks nics" -- "$current")) ;;
	import) COMPREPLY=($(compgen -f -W "--dry-run" -- "$current")) ;;
	start | throw-away) COMPREPLY=($(compgen -W "--paused" -- "$current")) ;;
	shutdown | reboot) COMPREPLY=($(compgen -W "--force" -- "$current")) ;;
	clone) COMPREPLY=($(compgen -W "--linked --template" -- "$current")) ;;
	delete) COMPREPLY=($(compgen -W "--keep-disks" -- "$current")) ;;
	remove-disk) COMPREPLY=($(compgen -W "--delete" -- "$current")) ;;
	esac
}
complete -F _mullion mullion

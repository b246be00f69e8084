# SPDX-License-Identifier: GPL-2.0-or-later
"""mullion, the command line: all that the interface does."""

import json
import os
import pty
import re
import signal
import subprocess

import harness
from harness import TOP, check, equal, until


def run(m, *args, status=0, data=None):
    done = subprocess.run([harness.CLI, "--session", *args], capture_output=True, text=True, env=m.env, input=data,
                          check=False, timeout=60)
    equal(done.returncode, status, " ".join(args) + ": " + done.stdout + done.stderr)
    return done.stdout if status == 0 else done.stderr


def as_json(m, *args, **options):
    return json.loads(run(m, "--json", *args, **options))


def test_cli_life(m):
    kernel = m.kernel()
    run(m, "create", "one", "memory=64", "vcpus=1", f"kernel={kernel}", "cmdline=a=b c", "title=The \"first\"\\",
        "disk=format=qcow2,create-size=1M", "nic=network=default", "autostart=yes")
    equal([vm["Name"] for vm in as_json(m, "list")], ["one"])
    check(re.search(r"^one +stopped +- +64 +1 +green", run(m, "list"), re.M), run(m, "list"))
    equal(run(m, "get", "one", "cmdline"), "a=b c\n")
    settings = as_json(m, "get", "one")
    equal((settings["title"], settings["autostart"], settings["disks"][0]["format"]), ("The \"first\"\\", True, "qcow2"))
    run(m, "set", "one", "memory=128", "disk=", "nic=")
    settings = as_json(m, "get", "one")
    equal((settings["memory"], settings["disks"], settings["nics"]), (128, [], []))
    run(m, "start", "one")
    equal(as_json(m, "info", "one")["State"], "running")
    for command, state in (("pause", "paused"), ("unpause", "running"), ("save", "saved"), ("start", "running"),
                           ("reboot", "running"), ("shutdown", "stopped")):
        run(m, command, "one")
        equal(as_json(m, "info", "one")["State"], state, command)
    run(m, "start", "one", "--paused")
    run(m, "force-off", "one")
    run(m, "start", "one")
    run(m, "save", "one")
    run(m, "discard-saved", "one")
    run(m, "start", m.vm("one").uuid)
    run(m, "reboot", "one", "--force")
    run(m, "shutdown", "one", "5", "--force")
    check("EndReason: shutdown" in run(m, "info", "one"))
    run(m, "rename", "one", "two")
    run(m, "delete", "two")
    equal(as_json(m, "list"), [])


def test_cli_copies_and_disks(m):
    run(m, "create", "one", f"kernel={m.kernel()}", "disk=format=qcow2,create-size=64K")
    run(m, "snapshot", "one", "s1", "a comment")
    equal(as_json(m, "info", "one")["Snapshots"][0][::2], ["s1", "a comment"])
    run(m, "revert", "one", "s1")
    run(m, "delete-snapshot", "one", "s1")
    run(m, "add-disk", "one", "create-size=64K")
    run(m, "resize-disk", "one", "xvdb", "1M")
    run(m, "remove-disk", "one", "xvdb", "--delete")
    run(m, "clone", "one", "tmpl", "--template")
    run(m, "clone", "one", "linked", "--linked")
    equal(run(m, "throw-away", "tmpl"), "tmpl-1\n")
    equal(run(m, "throw-away", "tmpl", "guest", "--paused"), "guest\n")
    equal([vm["Name"] for vm in as_json(m, "list") if vm["ThrowAway"]], ["guest", "tmpl-1"])
    check("throw-away" in run(m, "list") and "template" in run(m, "list"))
    run(m, "force-off", "guest")
    run(m, "delete", "linked", "--keep-disks")


def test_cli_host_and_networks(m):
    run(m, "create-network", "lan", "mode=bridge", "bridge=br0", "autostart=no")
    run(m, "set-network", "lan", "bridge=br1")
    check(re.search(r"^lan +bridge +br1", run(m, "networks"), re.M))
    run(m, "delete-network", "lan")
    run(m, "start-network", "default")
    check("up" in run(m, "networks"))
    (m.run / "default.leases").write_text("1700000000 00:16:3e:00:00:01 10.7.0.9 debian 01:00\n")
    equal(run(m, "leases", "default"), "00:16:3e:00:00:01  10.7.0.9         debian\n")
    run(m, "stop-network", "default")
    equal(as_json(m, "host")["cpu-count"], 2)
    equal(as_json(m, "statistics")[2], {})
    equal(run(m, "log"), "(XEN) fake\n")
    check(isinstance(as_json(m, "devices")[0], list))
    (m.state / "vms/bad.vm").write_text("x")
    check(run(m, "reload").startswith("bad.vm: line 1: "))
    check("no network" in run(m, "leases", "nope", status=1))


def test_cli_import_and_check(m):
    config = m.folder / "x.cfg"
    config.write_text(f"name='x'\nkernel='{m.kernel()}'\ntype='pvh'\nfoo=1\n")
    check("line 4: foo is not kept" in run(m, "import", str(config), "--dry-run"))
    equal(as_json(m, "list"), [])
    run(m, "import", str(config), "other")
    equal(as_json(m, "list")[0]["Name"], "other")
    run(m, "check", f"kernel={m.kernel()}")
    check("would not start" in run(m, "check", status=1))
    check("problem: nics/0" in subprocess.run([harness.CLI, "--session", "check", "nic=network=nope"], env=m.env, check=False,
                                              capture_output=True, text=True).stdout)


def test_cli_errors(m):
    check("no VM 'nope'" in run(m, "start", "nope", status=1))
    check("usage" in run(m, "start", status=2))
    check("no command" in run(m, "nonsense", status=2))
    check("not of the form" in run(m, "create", "one", "memory", status=1))
    check("not a number" in run(m, "create", "one", "memory=lots", status=1))
    check("not a size" in run(m, "create", "one", "disk=create-size=1Q", status=1))
    check("neither true nor false" in run(m, "create", "one", "autostart=maybe", status=1))
    m.create("one")
    check("'--nonsense' is not known" in run(m, "start", "one", "--nonsense", status=1))
    done = subprocess.run([harness.CLI, "--session", "--json", "pause", "one"], env=m.env, check=False, capture_output=True,
                          text=True)
    equal((done.returncode, json.loads(done.stdout)["error"]), (1, "org.mullion.Error.InvalidState"))
    m.bus.allow(rest="no")
    check("polkit does not allow" in run(m, "list", status=1))
    m.bus.allow()
    m.inject(create={"error": "NO_MEMORY"})
    check("injected" in run(m, "start", "one", status=1))


def test_cli_interrupt_cancels(m):
    m.create("one")
    m.inject(create={"delay": 60000})
    process = subprocess.Popen([harness.CLI, "--session", "start", "one"], env=m.env, stderr=subprocess.PIPE, text=True)
    until(m.domains, "a half-built domain")
    equal([job["Kind"] for job in as_json(m, "jobs").values() if job["State"] == "running"], ["start"])
    process.send_signal(signal.SIGINT)
    check("cancelled" in process.communicate(timeout=20)[1])
    equal((process.returncode, m.vm("one").state), (1, "stopped"))
    job = m.vm("one").call("Start", "(a{sv})", {})
    run(m, "cancel", job.rsplit("/", 1)[1])
    equal(m.wait_job(job)["State"], "cancelled")


def test_cli_console(m):
    master, slave = pty.openpty()
    (m.fake / "console").write_text(os.ttyname(slave))
    vm = m.create("one")
    vm.job("Start", "(a{sv})", {})
    os.write(master, b"login: ")
    def greeted():
        done = subprocess.run([harness.CLI, "--session", "console", "one"], env=m.env, input=b"\x1d", capture_output=True,
                              check=False, timeout=20)
        return done.returncode == 0
    until(greeted, "the console")
    process = subprocess.Popen([harness.CLI, "--session", "console", "one"], env=m.env, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    process.stdin.write(b"root\n")
    process.stdin.flush()
    equal(os.read(master, 100), b"root\n")
    vm.job("ForceOff")
    check(b"login: " in process.communicate(timeout=20)[0], "the stream ends with the VM")
    os.close(master)
    os.close(slave)


def test_completion_knows_every_command(m):
    """The words of `mullion help` and those of the completion and the manual are the same."""
    listing = run(m, "help").split("Commands:\n")[1].split("\n\n")[0]
    commands = {line.split()[0] for line in listing.splitlines()}
    check(len(commands) > 35)
    script = TOP / "manager/data/mullion.bash"
    words = subprocess.run(["bash", "-c", f". {script}; COMP_WORDS=(mullion ''); COMP_CWORD=1; _mullion; "
                            "printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, text=True, check=True).stdout.split()
    equal(set(words) - {"help"}, commands)
    manual = (TOP / "docs/man/mullion.1").read_text()
    equal({command for command in commands if f".B {command}" not in manual}, set(), "not in mullion.1")


def test_completion_of_names(m):
    m.create("alpha")
    m.create("beta")
    folder = m.folder / "clibin"
    folder.mkdir()
    (folder / "mullion").write_text(f"#!/bin/sh\nexec {harness.CLI} --session \"$@\"\n")
    (folder / "mullion").chmod(0o755)
    words = subprocess.run(["bash", "-c", f". {TOP}/manager/data/mullion.bash; COMP_WORDS=(mullion start al); COMP_CWORD=2; "
                            "_mullion; printf '%s\\n' \"${COMPREPLY[@]}\""], capture_output=True, text=True, check=True,
                           env=dict(m.env, PATH=f"{folder}:{m.env['PATH']}")).stdout.split()
    equal(words, ["alpha"])

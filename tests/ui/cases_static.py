# SPDX-License-Identifier: GPL-2.0-or-later
"""What is installed beside the program, and what translators get."""

import re
import subprocess

from desk import TOP, check, equal


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    check(done.returncode == 0, " ".join(map(str, command)), "\n", done.stdout, done.stderr)
    return done.stdout


def test_desktop_file(desk):
    run("desktop-file-validate", TOP / "build/ui/org.mullion.Desktop.desktop")


def test_metainfo(desk):
    run("appstreamcli", "validate", "--no-net", "--pedantic", TOP / "build/ui/org.mullion.Desktop.metainfo.xml")


def test_every_text_is_given_to_translators(desk):
    listed = [line for line in (TOP / "po/POTFILES").read_text().split("\n") if line and not line.startswith("#")]
    files = {TOP / "manager/data/org.mullion.manager.policy.in"}
    files |= {path for path in (TOP / "ui").glob("**/*.*")
             if (path.suffix == ".c" and re.search(r'\bN?_\("|ngettext\(', path.read_text())) or
             (path.suffix in (".ui", ".in") and ("translatable=" in path.read_text() or path.suffix == ".in"))}
    equal(sorted(listed), sorted(str(path.relative_to(TOP)) for path in files), "po/POTFILES")


def test_texts_of_widgets_are_translatable(desk):
    """What a person reads is marked, save what is no word."""
    attributes = "label|title|tooltip-text|accessible-name|accessible-description|text|secondary-text"
    for path in (TOP / "ui").glob("*.ui"):
        for name, marks, text in re.findall(rf'<property name="({attributes})"([^>]*)>([^<]*)<', path.read_text()):
            check("translatable" in marks or not re.search(r"[A-Za-z]{2}", text), f"{path.name}: {name} “{text}”")


def test_translations_are_whole(desk):
    """Every language has every text, and formats are those of the program."""
    languages = [line for line in (TOP / "po/LINGUAS").read_text().split("\n") if line and not line.startswith("#")]
    check({"de", "fr"} <= set(languages), "po/LINGUAS has", languages)
    template = desk.manager.folder / "mullion.pot"
    run("env", "-C", TOP, f"GETTEXTDATADIRS={TOP / 'po'}", "xgettext", "--files-from=po/POTFILES", "--from-code=UTF-8",
        "--keyword=_", "--keyword=N_", "--flag=N_:1:pass-c-format", "--flag=g_strdup_printf:1:c-format", "--output", template)
    count = template.read_text().count("\nmsgid ") - 1
    for language in languages:
        catalogue = TOP / f"po/{language}.po"
        run("msgfmt", "--check", "--check-accelerators=_", "--output-file=/dev/null", catalogue)
        run("msgcmp", catalogue, template)
        equal(catalogue.read_text().count("\nmsgid ") - 1, count, f"texts of {catalogue.name}")


def test_installed_files_are_translated(desk):
    for path, texts in (("ui/org.mullion.Desktop.desktop", ("Name[de]=", "Comment[fr]=", "Keywords[de]=")),
                        ("ui/org.mullion.Desktop.metainfo.xml", ('<summary xml:lang="de">', '<p xml:lang="fr">')),
                        ("manager/org.mullion.manager.policy", ('<message xml:lang="de">', '<description xml:lang="fr">'))):
        for text in texts:
            check(text in (TOP / "build" / path).read_text(), f"{path} has no {text}")

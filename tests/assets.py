"""`./dev assets`: build what browsers load of the console from npm packages and our sources. Commit the result.

Neither the demo nor production runs this. It needs node, and the registries of npm and PyPI. Each npm package is named
with its version and the SHA-512 of its archive (`sources/packages.json`); another archive is refused.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "services" / "console" / "assets"
SOURCES, BUILT = ASSETS / "sources", ASSETS / "built"
ROOT = ASSETS.parents[2]

COPIED = {
    "htmx.js": ("htmx.org", "dist/htmx.min.js"),
    "htmx-sse.js": ("htmx-ext-sse", "dist/sse.min.js"),
    "govuk-frontend.js": ("govuk-frontend", "dist/govuk/govuk-frontend.min.js"),
    "noto-sans-latin.woff2": ("@fontsource-variable/noto-sans", "files/noto-sans-latin-wght-normal.woff2"),
    "noto-sans-cyrillic.woff2": ("@fontsource-variable/noto-sans", "files/noto-sans-cyrillic-wght-normal.woff2"),
}
"""Maps each file to its package and its path in the package."""

ARABIC_FONT = "unpacked/@fontsource-variable/noto-naskh-arabic/files/noto-naskh-arabic-arabic-wght-normal.woff2"
ARABIC = "U+060C,U+061B,U+061F,U+0621-063A,U+0640-0655,U+0660-066D,U+0670,U+200C-200F,U+FDFC"
CHINESE = re.compile(r"[\u2000-\u206f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
CHINESE_MAX = 550
"""Maximum number of Chinese characters in the font.

A rarer character is not worth its 150 bytes on a slow connection; it is shown in the reader's font.
"""

PLAIN = ("--desubroutinize", "--drop-tables+=vhea,vmtx,VORG,BASE", "--name-IDs=0,13,14")
"""Options that make a font smaller.

Outlines without subroutines are shorter once compressed, text is never vertical, and of the names only the copyright
and the licence are kept.
"""

CREST = re.compile(r"[^{}]*\{[^{}]*govuk-crest[^{}]*\}")


def main() -> int:
    packages = json.loads((SOURCES / "packages.json").read_text())
    BUILT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for package, pinned in packages["vendored"].items():
            unpack(folder, package, pinned)
        tools = [f"{tool}@{pinned['version']}" for tool, pinned in packages["tools"].items()]
        run(["npm", "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", *tools], folder)
        for file, (package, path) in COPIED.items():
            shutil.copyfile(folder / "unpacked" / package / path, BUILT / file)
        style(folder)
        subset(folder)
    for file in ("console.js", "icon.svg"):
        shutil.copyfile(SOURCES / file, BUILT / file)
    print(f"{len(list(BUILT.iterdir()))} files in {BUILT.relative_to(ROOT)}")
    return 0


def unpack(folder: Path, package: str, pinned: dict[str, str]) -> None:
    """Fetch and unpack an npm package. Exits if its archive is not the pinned one."""
    packed = json.loads(run(["npm", "pack", "--json", f"{package}@{pinned['version']}"], folder))
    first = packed[0] if isinstance(packed, list) else next(iter(packed.values()))
    archive = folder / first["filename"].replace("@", "").replace("/", "-")
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != pinned["integrity"]:
        sys.exit(f"{package} {pinned['version']} has another archive: {found}")
    target = folder / "unpacked" / package
    target.mkdir(parents=True)
    with tarfile.open(archive) as tar:
        tar.extractall(target, filter="data")
    for inner in list((target / "package").iterdir()):
        inner.rename(target / inner.name)


def style(folder: Path) -> None:
    """Write the style sheet, and its mirror for right-to-left scripts."""
    shutil.copyfile(SOURCES / "console.scss", folder / "console.scss")
    sass = [
        "npx",
        "sass",
        "--load-path=unpacked",
        "--style=compressed",
        "--no-source-map",
        "console.scss",
        "console.css",
    ]
    run(sass, folder)
    left = folder / "console.css"
    left.write_text(CREST.sub("", left.read_text()))
    run(["npx", "rtlcss", "console.css", "console.rtl.css"], folder)
    for file in ("console.css", "console.rtl.css"):
        shutil.copyfile(folder / file, BUILT / file)


def subset(folder: Path) -> None:
    """Write the fonts of the Arabic letters and of the Chinese characters in the console's own texts.

    Letters of other languages in Arabic script are left out. Other characters, in people's texts, are shown in the
    reader's fonts.
    """
    libraries = str(folder / "libraries")
    run([sys.executable, "-m", "pip", "install", "--quiet", "--target", libraries, "fonttools", "brotli"], folder)
    used = Counter(CHINESE.findall("".join(read_texts())))
    characters = sorted(sorted(used, key=lambda one: (-used[one], one))[:CHINESE_MAX])
    (folder / "characters.txt").write_text("".join(characters), encoding="utf-8")
    chinese = next(Path(sys.prefix).glob("lib/python3*/site-packages/pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf"))
    subsetter = [sys.executable, "-m", "fontTools.subset"]
    for file, options in {
        "noto-naskh-arabic.woff2": [ARABIC_FONT, f"--unicodes={ARABIC}", "--layout-features=*"],
        "noto-sans-sc.woff2": [
            str(chinese),
            "--text-file=characters.txt",
            "--layout-features=",
            "--no-hinting",
            *PLAIN,
        ],
    }.items():
        output = ["--flavor=woff2", f"--output-file={BUILT / file}"]
        run([*subsetter, *options, *output], folder, PYTHONPATH=libraries)


def read_texts() -> Iterable[str]:
    yield (ASSETS.parent / "translations.py").read_text(encoding="utf-8")
    for path in ASSETS.parent.glob("locales/zh/**/*.po"):
        yield path.read_text(encoding="utf-8")


def run(command: list[str], folder: Path, **more: str) -> str:
    done = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, env={**os.environ, **more})
    if done.returncode:
        sys.exit(f"{command[0]} {command[1]} failed")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

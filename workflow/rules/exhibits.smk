"""Figures and tables: which the experiment makes, and how the report shows them.

No rules here.
"""

from entangled_drums.configuration import yamlfile
from entangled_drums.configuration.problems import Problem, did_you_mean, fail
from entangled_drums.exhibits import FIGURES, TABLES, even_title, exhibits, headline

SHOWN = {}  # by the name of each figure and table: what it lacks here, empty if nothing
DRAWN = EXPERIMENT.get("figures", {}).get("drawn")


def pictured(name):
    """Picture of a figure; the workflow's report shows it with its caption."""
    return in_report(f"figures/{name}.png", name, "Figures", FIGURES)


def tabled(name):
    """Page of a table, likewise."""
    return in_report(f"tables/{name}.html", name, "Tables", TABLES)


def in_report(path, name, category, kind):
    captions = Path("workflow/report")
    caption = (captions / f"{name}.rst").read_text(encoding="utf-8")
    # The report sorts its items by label, as text.
    listed = even_title(name, exhibits((f"{kind}/{one.name}" for one in captions.iterdir()), kind))
    return report(
        result(path),
        caption=f"../report/{name}.rst",
        category=category,
        # One label only: of a second one the report may make a switch, and then shows nothing.
        labels={"name": f"{listed}: {headline(caption)}"},
    )


def show(name, outputs, lacking=""):
    """Make a figure or table a product, if the experiment wants it and does not lack its data."""
    SHOWN[name] = lacking
    if DRAWN is not None and name in DRAWN and lacking:
        refuse_drawn(name, f"cannot be drawn, for {lacking}; add that or leave {name} out")
    if not lacking and (DRAWN is None or name in DRAWN):
        PRODUCTS.extend(outputs)


def check_drawn():
    """Refuse names of figures and tables that no rule makes."""
    for name in DRAWN or ():
        if name not in SHOWN:
            refuse_drawn(name, f"is no figure or table; {did_you_mean(name, SHOWN)}")


def check_asked(targets):
    """Refuse a figure or table, asked for by its rule's name, that cannot be made or audited."""
    known = {rule.name for rule in workflow.rules}
    for target in sorted(targets):
        asked = re.fullmatch("(?:draw|write)_(.*)", target)
        if not asked:
            continue
        name = asked[1]
        if name not in SHOWN:
            if target not in known:
                refuse(f"{name} is no figure or table; {did_you_mean(name, SHOWN)}")
        elif SHOWN[name]:
            refuse(
                f"{EXPERIMENT['name']}: {name} cannot be made, for {SHOWN[name]}; "
                "add that, or ask for another experiment"
            )
        elif DRAWN is not None and name not in DRAWN:
            refuse(
                f"config/experiments/{EXPERIMENT['name']}.yaml: figures.drawn leaves {name} out, "
                f"so no audit would know it; add {name} there"
            )


def refuse_drawn(name, what):
    file = Path("config/experiments", f"{EXPERIMENT['name']}.yaml")
    key = ("figures", "drawn", DRAWN.index(name))
    try:
        fail(file, [Problem(key, f'"{name}" {what}')], yamlfile.read(file).lines)
    except EntangledDrumsError as error:
        refuse(str(error))

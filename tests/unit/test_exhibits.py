"""Names, titles and order of figures and tables, and how a caption begins."""

import pytest

from entangled_drums.exhibits import FIGURES, TABLES, even_title, exhibits, headline, title


def test_order_is_that_of_the_paper_whatever_order_they_come_in():
    paths = [
        *(
            "r/figures/figs10.png",
            "r/figures/figs2.pdf",
            "r/figures/fig4.csv",
            "r/figures/fig1.rst",
        ),
        *("r/figures/fig4.png", "r/figures/figs1.record.json", "r/tables/table_s3.md"),
        *("r/tables/table_s1.csv", "r/inference/verdict.json", "r/figures/legend.png"),
    ]
    assert exhibits(paths, FIGURES) == ["fig1", "fig4", "figs1", "figs2", "figs10"]
    assert exhibits(reversed(paths), FIGURES) == exhibits(paths, FIGURES)
    assert exhibits(paths, TABLES) == ["table_s1", "table_s3"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fig4", "Figure 4"),
        ("figs10", "Figure S10"),
        ("table_s2", "Table S2"),
        ("figx1", "Figure X1"),
    ],
)
def test_titles(name, expected):
    assert title(name) == expected


def test_titles_of_a_series_are_equally_long():
    names = ["fig4", "figs2", "figs10", "figs9"]
    titles = [even_title(name, names) for name in names]
    assert titles == ["Figure 4", "Figure S\u20072", "Figure S10", "Figure S\u20079"]


def test_other_names_have_no_title():
    with pytest.raises(ValueError, match="'verdict' is no name of a figure or table"):
        title("verdict")


def test_headline_is_the_first_sentence():
    caption = (
        ".. include:: {{ snakemake.output.rst }}\n{% set a = 1 %}\n\nOne\nthing, seen: **a**, x."
    )
    assert headline(caption) == "One thing, seen"
    assert headline("Two things. More.") == "Two things"


@pytest.mark.parametrize("caption", ["", "Least D |least|.", "**a**, Circuit.", "No end"])
def test_headline_must_be_plain(caption):
    with pytest.raises(ValueError, match="begin with a plain sentence"):
        headline(caption)

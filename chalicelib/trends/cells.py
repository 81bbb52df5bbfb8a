"""Which cells a case is counted in. A cell's name is its text everywhere: `topic=login&product=x`.

The combinations are the few that mean something to a department; most of them stay empty, and an
empty one costs nothing. Topic is what the case is about now; the facts (product, version, region,
channel) are those of the moment in which it was first counted, because customers buy and move.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chalicelib.cases.models import Case
from chalicelib.customers.models import Customer
from chalicelib.text import fold
from chalicelib.trends.models import Facts

ALL = "*"
MOST_CELLS = 15  # of one case: what a transaction can move from one topic to another
MOST_PRODUCTS = 3
LONGEST_VALUE = 60
ATTRIBUTES = ("topic", "product", "version", "region", "channel")
_REGION = ("region", "country")


def cells_of(topic: str | None, facts: Facts | None = None) -> tuple[str, ...]:
    """All of the cells of one case, the general ones first, at most `MOST_CELLS`."""
    facts = facts or Facts()
    known = _general(topic, facts)
    for product, version in facts.products:
        known += _of_product(topic, product, version, facts.region)
    return tuple(dict.fromkeys(known))[:MOST_CELLS]


def facts_of(case: Case, customer: Customer | None) -> Facts:
    """What is known of a contact beside its topic.

    The form's fields `product`, `version` and `region` say it best; else it is what the customer
    owns (up to three products, each of which may be the matter) and where they live.
    """
    product = _value(case.fields, "product")
    if product:
        products = [(product, _value(case.fields, "version") or _owned(customer).get(product, ""))]
    else:
        products = sorted(_owned(customer).items())[:MOST_PRODUCTS]
    region = _value(case.fields, *_REGION)
    if not region and customer is not None:
        region = _value(customer.attributes, *_REGION)
    return Facts(channel=cell_value(str(case.channel)), region=region, products=tuple(products))


def topic_cell(topic: str) -> str:
    return f"topic={topic}"


def topic_of(cell: str) -> str | None:
    """The topic that a cell names, None where it names none."""
    return attributes_of(cell).get("topic")


def attributes_of(cell: str) -> dict[str, str]:
    """What a cell names: {"topic": "login", "product": "app"}; nothing for that of everything."""
    if cell == ALL:
        return {}
    pairs = (part.partition("=") for part in cell.split("&"))
    return {name: value for name, _, value in pairs}


def single_cells(cells: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """(cell, attribute, value) of those that name what a customer or contact has, not its topic.

    A version is only one together with its product.
    """
    for cell in cells:
        named = attributes_of(cell)
        if set(named) == {"product", "version"}:
            yield cell, "version", f"{named['product']} {named['version']}"
        elif len(named) == 1 and "topic" not in named:
            ((name, value),) = named.items()
            yield cell, name, value


def cell_value(text: str) -> str:
    """A value as it stands in a cell's name: folded, on one line, without its separators."""
    clean = "".join(" " if sign in "&=#" or not sign.isprintable() else sign for sign in fold(text))
    return " ".join(clean.split())[:LONGEST_VALUE].strip()


def _general(topic: str | None, facts: Facts) -> list[str]:
    found = [ALL]
    about = [topic_cell(topic)] if topic else []
    for name, value in (("region", facts.region), ("channel", facts.channel)):
        if value:
            found.append(f"{name}={value}")
            found += [f"{head}&{name}={value}" for head in about]
    return [*found[:1], *about, *found[1:]]


def _of_product(topic: str | None, product: str, version: str, region: str) -> list[str]:
    plain = f"product={product}"
    exact = f"{plain}&version={version}" if version else ""
    found = [plain]
    if topic:
        found.append(f"{topic_cell(topic)}&{plain}")
    if exact:
        found.append(exact)
    if exact and topic:
        found.append(f"{topic_cell(topic)}&{exact}")
    if region:
        found.append(f"{plain}&region={region}")
    return found


def _owned(customer: Customer | None) -> dict[str, str]:
    """Products with their version, by name; of two with one name the first that tells it."""
    found: dict[str, str] = {}
    for asset in customer.assets if customer else ():
        name = cell_value(asset.name)
        if asset.type.casefold() == "product" and name:
            found[name] = found.get(name) or _value(asset.attributes, "version")
    return found


def _value(given: Mapping[str, object], *names: str) -> str:
    for name in names:
        value = given.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return cell_value(str(value))
    return ""

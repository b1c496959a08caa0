"""The opt-ins of the product pages, as the key `tracking` sends them, joined to the lines of a checkout."""

from typing import Any

from subscriptions.api.lenient_body import says_nothing

JsonObject = dict[str, Any]


def join_opt_ins(
    products: list[JsonObject], opt_ins: list[JsonObject]
) -> tuple[list[tuple[JsonObject, bool]], list[JsonObject]]:
    """Each of `products` with whether an opt-in joined it, and the opt-ins that no line is left for.

    An opt-in joins one line of its product, first one without a frequency, and fills what this line lacks.
    """
    lines = [(_move_override(product), False) for product in products]
    order = sorted(range(len(lines)), key=lambda place: all(_name_frequency(lines[place][0])))
    left = []
    for opt_in in opt_ins:
        place = next((each for each in order if find_product(products[each]) == find_product(opt_in)), None)
        if place is None:
            left.append(opt_in)
        else:
            order.remove(place)
            lines[place] = (_fill_line(lines[place][0], _move_override(opt_in)), True)
    return lines, left


def find_product(entry: JsonObject) -> str | None:
    product = entry.get("product")
    return str(product).strip() if isinstance(product, str | int) else None


def _move_override(entry: JsonObject) -> JsonObject:
    """`entry` with its `tracking_override` inside `subscription_info`, where a line has it and an opt-in does not."""
    info, override = _find_object(entry, "subscription_info"), _find_object(entry, "tracking_override")
    if not override:
        return entry
    return entry | {"subscription_info": _fill_gaps(info, {"tracking_override": override})}


def _fill_line(line: JsonObject, opt_in: JsonObject) -> JsonObject:
    info, wanted = _find_object(line, "subscription_info"), _find_object(opt_in, "subscription_info")
    return line | {"subscription_info": _fill_gaps(info, wanted)}


def _fill_gaps(given: JsonObject, wanted: JsonObject) -> JsonObject:
    filled = wanted | {name: value for name, value in given.items() if not says_nothing(value)}
    override = _find_object(wanted, "tracking_override")
    chosen = {
        name: value for name, value in _find_object(given, "tracking_override").items() if not says_nothing(value)
    }
    return filled | ({"tracking_override": override | chosen} if override or chosen else {})


def wants_subscription(line: JsonObject) -> bool:
    """Whether `line` names a frequency, half of one, or something unreadable in its place."""
    info = line.get("subscription_info")
    override = _find_object(line, "subscription_info").get("tracking_override")
    unreadable = [value for value in (info, override) if not (says_nothing(value) or isinstance(value, dict | list))]
    return bool(unreadable) or any(_name_frequency(line))


def _name_frequency(line: JsonObject) -> list[bool]:
    override = _find_object(_find_object(line, "subscription_info"), "tracking_override")
    return [not says_nothing(override.get(name)) for name in ("every", "every_period")]


def _find_object(entry: JsonObject, name: str) -> JsonObject:
    value = entry.get(name)
    value = value[0] if isinstance(value, list) and len(value) == 1 else value
    return value if isinstance(value, dict) else {}

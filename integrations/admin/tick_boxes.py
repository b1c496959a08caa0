"""Tick boxes of forms."""

from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget


def ticks_widget() -> UnfoldAdminCheckboxSelectMultipleWidget:
    """Tick boxes in groups, side by side where there is room."""
    # An instance, because unfold's templates look at the name of the class.
    widget = UnfoldAdminCheckboxSelectMultipleWidget()
    widget.template_name = "admin/parts/ticks.html"
    widget.option_template_name = "admin/parts/tick.html"
    return widget

"""The shell of the staff pages: what the admin pages of all apps import. It imports none of them."""

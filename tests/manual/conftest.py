from tests.admin.conftest import login, own

__all__ = ["login", "own"]

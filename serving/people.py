"""Use cases: the accounts of a workspace, as whoever keeps it makes and changes them."""

from __future__ import annotations

from collections.abc import Sequence

from serving.accounts.account import Account
from serving.accounts.accounts import LINK_LIFE
from serving.changes import note_change
from serving.printing import Columns, columns_of
from serving.running import refuse_unknown_areas
from serving.workspace import Workspace

LINK_MINUTES = int(LINK_LIFE.total_seconds() // 60)


def create_account(
    workspace: Workspace,
    name: str,
    role: str,
    areas: Sequence[str] = (),
    password: str | None = None,
) -> Account:
    """Return a new account.

    Args:
        workspace: whose it is.
        name: to sign in with.
        role: one of `serving.accounts.viewers.ROLES`.
        areas: ids of the areas that it sees with what lies below them; none: all.
        password: its password; None: it signs in by links alone.

    Raises:
        SettingsError: if name, role or password can't be used.
        UnknownArea: for an unknown area.
    """
    workspace.stop_without_settings()
    refuse_unknown_areas(workspace, areas)
    made = workspace.accounts().create(name, role, areas=tuple(areas) or None, password=password)
    note_change(workspace, "account created", made.name)
    return made


def change_account(
    workspace: Workspace,
    name: str,
    *,
    role: str | None = None,
    areas: Sequence[str] = (),
    sees_all: bool = False,
) -> Account:
    """Return an account with another role or other areas; its sessions are over.

    Raises:
        UnknownAccount, UnknownArea: for one that there isn't.
        SettingsError: if the role can't be used.
    """
    refuse_unknown_areas(workspace, areas)
    changed = workspace.accounts().change(
        name, role=role, areas=tuple(areas) or None, sees_all=sees_all
    )
    note_change(workspace, "account changed", changed.name)
    return changed


def enable_account(workspace: Workspace, name: str, *, is_enabled: bool) -> Account:
    """Return an account that may sign in from now on, or may not, at once.

    Raises:
        UnknownAccount: if there is none of that name.
    """
    changed = workspace.accounts().change(name, is_enabled=is_enabled)
    note_change(workspace, f"account {'enabled' if is_enabled else 'disabled'}", changed.name)
    return changed


def change_password(workspace: Workspace, name: str, password: str) -> Account:
    """Return an account with a new password; its sessions are over.

    Raises:
        UnknownAccount: if there is none of that name.
        SettingsError: if the password can't be one.
    """
    changed = workspace.accounts().set_password(name, password)
    note_change(workspace, "password changed", changed.name)
    return changed


def sign_in_address(workspace: Workspace, name: str, site: str = "") -> str:
    """Return an address that signs an account in, once, within `LINK_MINUTES`.

    Args:
        workspace: whose account it is.
        name: of the account.
        site: address of the service as browsers know it; "": where the settings let it listen.

    Raises:
        UnknownAccount: if there is none of that name.
        SettingsError: if it is disabled.
    """
    if not site:
        said = workspace.settings().serving
        site = f"http://{f'[{said.host}]' if ':' in said.host else said.host}:{said.port}"
    secret = workspace.accounts().sign_in_link(name)
    note_change(workspace, "sign-in link made", name)
    return f"{site.rstrip('/')}/sign-in/{secret}"


def listed_accounts(workspace: Workspace) -> Columns:
    """Return columns of a row an account, in the order of making; days and times in UTC."""
    return columns_of(
        ("name", "role", "areas", "created", "signed_in", "password", "state"),
        (
            (
                each.name,
                each.role,
                " ".join(each.areas) if each.areas else "all",
                f"{each.created_at:%Y-%m-%d %H:%M}",
                str(each.signed_in_on or "never"),
                "yes" if each.password else "no",
                f"disabled {each.disabled_at:%Y-%m-%d %H:%M}" if each.disabled_at else "good",
            )
            for each in workspace.accounts().list()
        ),
    )

"""The tables whose files are read row by row: a module each, and one line of this list."""

from sources.table_file import TableImport
from sources.table_imports.breaks import BREAKS_IMPORT
from sources.table_imports.covariates import COVARIATES_IMPORT
from sources.table_imports.events import EVENTS_IMPORT
from sources.table_imports.holidays import HOLIDAYS_IMPORT
from sources.table_imports.plan import PLAN_IMPORT
from sources.table_imports.tourism import TOURISM_IMPORT
from sources.table_imports.unobserved import UNOBSERVED_IMPORT

TABLE_IMPORTS: tuple[TableImport, ...] = (
    *(TOURISM_IMPORT, EVENTS_IMPORT, HOLIDAYS_IMPORT, UNOBSERVED_IMPORT, BREAKS_IMPORT),
    COVARIATES_IMPORT,
    PLAN_IMPORT,
)

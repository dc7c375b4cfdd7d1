/// What lies in the bucket and what can be restored from it: lineages, base backups, WAL, gaps,
/// recovery windows.
@NullMarked
package io.pgbackup.catalog;

import org.jspecify.annotations.NullMarked;

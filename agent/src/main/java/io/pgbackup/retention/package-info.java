/// What of an archive is kept and what may go: rules, holds, one pure planner, and the one place
/// that deletes.
@NullMarked
package io.pgbackup.retention;

import org.jspecify.annotations.NullMarked;

/// The one place that speaks to a running PostgreSQL, over JDBC: facts, archiver statistics, the
/// session that holds a base backup open.
@NullMarked
package io.pgbackup.postgres.jdbc;

import org.jspecify.annotations.NullMarked;

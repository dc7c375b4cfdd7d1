/// Starting and stopping PostgreSQL: where its programs lie, as which user they run, and one port
/// behind which a server is a local process. Nothing else in this code base starts PostgreSQL.
@NullMarked
package io.pgbackup.postgres.process;

import org.jspecify.annotations.NullMarked;

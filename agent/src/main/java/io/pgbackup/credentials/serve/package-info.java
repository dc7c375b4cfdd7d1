/// Keeps the credentials of a fleet fresh: one process that holds the parent credential, outside of
/// every database pod.
@NullMarked
package io.pgbackup.credentials.serve;

import org.jspecify.annotations.NullMarked;

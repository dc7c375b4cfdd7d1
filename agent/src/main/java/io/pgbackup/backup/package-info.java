/// One base backup from its request to its sentinel: the lease, the probe, the run and its states.
@NullMarked
package io.pgbackup.backup;

import org.jspecify.annotations.NullMarked;

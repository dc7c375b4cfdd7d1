/// Drives a stock wal-g as it is: base backups by supervised runs of it, WAL through its daemon,
/// behind the same ports as the embedded engine. The only package that starts wal-g; the rules
/// around it (lease, probe, fence, proof) are ours.
@NullMarked
package io.pgbackup.engine.walg;

import org.jspecify.annotations.NullMarked;

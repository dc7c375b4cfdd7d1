/// The engine that drives wal-g: with scripted stand-ins for its faults, and with a real one where
/// `PGBACKUP_WALG` names it.
@NullMarked
package io.pgbackup.engine.walg;

import org.jspecify.annotations.NullMarked;

/// The engine in this process: packs and unpacks in WAL-G's format, creates objects only, checks
/// what it reads.
@NullMarked
package io.pgbackup.engine.embedded;

import org.jspecify.annotations.NullMarked;

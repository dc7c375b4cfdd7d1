/// What can be wrong with a set-up, looked for before it hurts: store, credential, PostgreSQL,
/// engine, keys, agent. Each check is small, judges what a port told it, and says what to do.
@NullMarked
package io.pgbackup.doctor;

import org.jspecify.annotations.NullMarked;

/// A directory as an object store: create-only by hard links, durable by fsync, hidden while
/// incomplete.
@NullMarked
package io.pgbackup.store.file;

import org.jspecify.annotations.NullMarked;

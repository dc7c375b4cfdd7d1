/// A store asked directly, so that its dialect and a credential's rights can be told.
@NullMarked
package io.pgbackup.store.probe;

import org.jspecify.annotations.NullMarked;

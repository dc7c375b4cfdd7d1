/// The way back: choose a target, plan without touching anything, carry the plan out step by step
/// under a journal, undo.
@NullMarked
package io.pgbackup.restore;

import org.jspecify.annotations.NullMarked;

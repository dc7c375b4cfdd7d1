/// What a person types: `pgbackup`. Thin: parse, call the agent's library, print.
@NullMarked
package io.pgbackup.cli;

import org.jspecify.annotations.NullMarked;

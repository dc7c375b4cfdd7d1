/// How the agent's log is written: as lines for people by slf4j-simple, or as one JSON object a
/// line.
@NullMarked
package io.pgbackup.log;

import org.jspecify.annotations.NullMarked;

/// What the agent tells Prometheus: the meters' names, and their values as they are known at this
/// moment. What is not known is absent, never 0.
@NullMarked
package io.pgbackup.telemetry;

import org.jspecify.annotations.NullMarked;

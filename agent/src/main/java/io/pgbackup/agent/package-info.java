/// The agent itself: [io.pgbackup.agent.Agent] wires everything in one readable place, the rest
/// here watches the server, the lineage and the archive, and knows when a base backup is due.
@NullMarked
package io.pgbackup.agent;

import org.jspecify.annotations.NullMarked;

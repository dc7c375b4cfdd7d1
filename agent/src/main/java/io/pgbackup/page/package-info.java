/// The status page: what the agent knows, for a person with a browser. Server-rendered, without
/// scripts, and nothing is loaded from elsewhere.
@NullMarked
package io.pgbackup.page;

import org.jspecify.annotations.NullMarked;

/// The one configuration file, for agent and command line alike, as a tree of records. Uses only
/// values of ours, so that everything else may take its part of the tree.
@NullMarked
package io.pgbackup.config;

import org.jspecify.annotations.NullMarked;

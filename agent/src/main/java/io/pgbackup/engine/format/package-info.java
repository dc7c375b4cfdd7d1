/// WAL-G's archive layout as values: names, JSON documents, codecs, tar members. Facts from WAL-G
/// 3.0.9.
@NullMarked
package io.pgbackup.engine.format;

import org.jspecify.annotations.NullMarked;

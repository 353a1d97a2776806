CREATE SCHEMA rbsync;
CREATE TABLE rbsync.change_log (
    serial bigint NOT NULL,
    mark text NOT NULL COLLATE pg_catalog."C",
    names text NOT NULL COLLATE pg_catalog."C",
    seal bigint NOT NULL
);
CREATE TABLE rbsync.holder (
    owner text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE rbsync.intent (
    name bytea NOT NULL,
    operation text NOT NULL COLLATE pg_catalog."C",
    items text COLLATE pg_catalog."C",
    labels text COLLATE pg_catalog."C",
    settings text COLLATE pg_catalog."C",
    sent_at double precision NOT NULL,
    declined text COLLATE pg_catalog."C",
    old_name bytea,
    seal bigint NOT NULL
);
CREATE TABLE rbsync.meta (
    format integer NOT NULL,
    lineage text NOT NULL COLLATE pg_catalog."C",
    serial bigint NOT NULL,
    epoch bigint NOT NULL,
    target text NOT NULL COLLATE pg_catalog."C",
    seal bigint NOT NULL
);
CREATE TABLE rbsync.record (
    name bytea NOT NULL,
    items text COLLATE pg_catalog."C",
    labels text COLLATE pg_catalog."C",
    settings text COLLATE pg_catalog."C",
    task_id bytea NOT NULL,
    failure text COLLATE pg_catalog."C",
    attempted text COLLATE pg_catalog."C",
    declined text COLLATE pg_catalog."C",
    old_name bytea,
    seal bigint NOT NULL
);
CREATE TABLE rbsync.upload (
    content bytea NOT NULL,
    storage bytea NOT NULL,
    ref bytea NOT NULL,
    seal bigint NOT NULL
);
INSERT INTO rbsync.change_log VALUES (12, '137fe6800ae24f9f', '[]', -4513311219894426267);
INSERT INTO rbsync.intent VALUES ('\x6372656174696e67', 'create', 'xxh3:11111111111111111111111111111111', '', 'xxh3:22222222222222222222222222222222', 1778311535.25, NULL, NULL, -4030965996983098091);
INSERT INTO rbsync.intent VALUES ('\x64656c6574696e67', 'delete', NULL, NULL, NULL, 2, NULL, NULL, -2712798166938924656);
INSERT INTO rbsync.meta VALUES (1, '4b32bb5f-6f5c-4a79-9d5b-0a4d0b3f5a11', 12, 3, 'local:0f5c', 9108156917084068858);
INSERT INTO rbsync.record VALUES ('\x6170706c696564', 'xxh3:11111111111111111111111111111111', '', 'xxh3:22222222222222222222222222222222', '\x7461736b2d31', NULL, NULL, NULL, NULL, -813952943175520020);
INSERT INTO rbsync.record VALUES ('\x64656c6574696e67', 'xxh3:11111111111111111111111111111111', '', 'xxh3:22222222222222222222222222222222', '\x7461736b2d32', NULL, NULL, NULL, NULL, -6879600366884490958);
INSERT INTO rbsync.record VALUES ('\x6661696c6564206174206669727374', NULL, NULL, NULL, '\x', '{"kind": "invalid", "phase": "create", "message": "Item \"x\" isn''t\nan image.", "attempts": 2, "status": 422, "hint": "Look at it."}', '["xxh3:11111111111111111111111111111111", "", "xxh3:22222222222222222222222222222222"]', NULL, NULL, 4898865197144159990);
INSERT INTO rbsync.record VALUES ('\x6661696c6564206c61746572', 'sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'xxh3:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'xxh3:cccccccccccccccccccccccccccccccc', '\x7461736b2d33', '{"kind": "invalid", "phase": "create", "message": "Item \"x\" isn''t\nan image.", "attempts": 2, "status": 422, "hint": "Look at it."}', '["xxh3:11111111111111111111111111111111", "", "xxh3:22222222222222222222222222222222"]', NULL, NULL, 7646795363814154982);
INSERT INTO rbsync.record VALUES ('\xc3bc6ec3af636f64652027616e640a6e65776c696e65', 'xxh3:11111111111111111111111111111111', '', 'xxh3:22222222222222222222222222222222', '\x7461736b2d34', NULL, NULL, NULL, NULL, 6706230002492066008);
INSERT INTO rbsync.upload VALUES ('\x787868333a6464646464646464646464646464646464646464646464646464646464646464', '\x726564627269636b', '\x626c6f622f64', -3039837972998401639);
ALTER TABLE ONLY rbsync.change_log
    ADD CONSTRAINT change_log_pkey PRIMARY KEY (serial);
ALTER TABLE ONLY rbsync.intent
    ADD CONSTRAINT intent_pkey PRIMARY KEY (name);
ALTER TABLE ONLY rbsync.record
    ADD CONSTRAINT record_pkey PRIMARY KEY (name);
ALTER TABLE ONLY rbsync.upload
    ADD CONSTRAINT upload_pkey PRIMARY KEY (content, storage);

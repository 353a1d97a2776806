BEGIN TRANSACTION;
CREATE TABLE intent (name TEXT NOT NULL PRIMARY KEY, operation TEXT NOT NULL, items TEXT, labels TEXT, settings TEXT, sent_at DOUBLE PRECISION NOT NULL, seal BIGINT, declined TEXT) WITHOUT ROWID;
INSERT INTO "intent" VALUES('creating','create','xxh3:11111111111111111111111111111111','','xxh3:22222222222222222222222222222222',1778311535.25,6705480780211474586,NULL);
INSERT INTO "intent" VALUES('deleting','delete',NULL,NULL,NULL,2.0,7479352812914340693,NULL);
CREATE TABLE meta (format INTEGER NOT NULL, lineage TEXT NOT NULL, serial INTEGER NOT NULL, epoch INTEGER NOT NULL, target TEXT NOT NULL, seal BIGINT);
INSERT INTO "meta" VALUES(3,'4b32bb5f-6f5c-4a79-9d5b-0a4d0b3f5a11',12,3,'local:0f5c',-4299789034261291031);
CREATE TABLE record (name TEXT NOT NULL PRIMARY KEY, items TEXT, labels TEXT, settings TEXT, task_id TEXT NOT NULL, failure TEXT, attempted TEXT, seal BIGINT, declined TEXT) WITHOUT ROWID;
INSERT INTO "record" VALUES('applied','xxh3:11111111111111111111111111111111','','xxh3:22222222222222222222222222222222','task-1',NULL,NULL,-8476521355892359828,NULL);
INSERT INTO "record" VALUES('creating',NULL,NULL,NULL,'',NULL,NULL,-3046534231116762537,NULL);
INSERT INTO "record" VALUES('deleting','xxh3:11111111111111111111111111111111','','xxh3:22222222222222222222222222222222','task-2',NULL,NULL,-8598923010082165302,NULL);
INSERT INTO "record" VALUES('failed at first',NULL,NULL,NULL,'','{"kind": "invalid", "phase": "create", "message": "Item \"x\" isn''t\nan image.", "attempts": 2, "status": 422, "hint": "Look at it."}','["xxh3:11111111111111111111111111111111", "", "xxh3:22222222222222222222222222222222"]',370199081356881369,NULL);
INSERT INTO "record" VALUES('failed later','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','xxh3:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','xxh3:cccccccccccccccccccccccccccccccc','task-3','{"kind": "invalid", "phase": "create", "message": "Item \"x\" isn''t\nan image.", "attempts": 2, "status": 422, "hint": "Look at it."}','["xxh3:11111111111111111111111111111111", "", "xxh3:22222222222222222222222222222222"]',2340247252612000585,NULL);
INSERT INTO "record" VALUES('ünïcode ''and
newline','xxh3:11111111111111111111111111111111','','xxh3:22222222222222222222222222222222','task-4',NULL,NULL,-3871970838770722375,NULL);
CREATE TABLE upload (content TEXT NOT NULL, storage TEXT NOT NULL, ref TEXT NOT NULL, seal BIGINT, PRIMARY KEY (content, storage)) WITHOUT ROWID;
INSERT INTO "upload" VALUES('xxh3:dddddddddddddddddddddddddddddddd','redbrick','blob/d',-3039837972998401639);
COMMIT;

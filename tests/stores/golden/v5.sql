BEGIN TRANSACTION;
CREATE TABLE change_log (serial INTEGER NOT NULL PRIMARY KEY, mark TEXT NOT NULL, names TEXT NOT NULL, seal BIGINT NOT NULL);
INSERT INTO "change_log" VALUES(12,'00000000000000aa','[]',-4733983876290089658);
CREATE TABLE intent (name TEXT NOT NULL PRIMARY KEY, operation TEXT NOT NULL, items TEXT, labels TEXT, settings TEXT, sent_at DOUBLE PRECISION NOT NULL, seal BIGINT, declined TEXT, old_name TEXT) WITHOUT ROWID;
INSERT INTO "intent" VALUES('creating','create','xxh3:11111111111111111111111111111111','','xxh3:22222222222222222222222222222222',1778311535.25,-4030965996983098091,NULL,NULL);
INSERT INTO "intent" VALUES('deleting','delete',NULL,NULL,NULL,2.0,-2712798166938924656,NULL,NULL);
CREATE TABLE meta (format INTEGER NOT NULL, lineage TEXT NOT NULL, serial INTEGER NOT NULL, epoch INTEGER NOT NULL, target TEXT NOT NULL, seal BIGINT);
INSERT INTO "meta" VALUES(5,'4b32bb5f-6f5c-4a79-9d5b-0a4d0b3f5a11',12,3,'local:0f5c',-5125958714123525710);
CREATE TABLE record (name TEXT NOT NULL PRIMARY KEY, items TEXT, labels TEXT, settings TEXT, task_id TEXT NOT NULL, failure TEXT, attempted TEXT, seal BIGINT, declined TEXT, old_name TEXT) WITHOUT ROWID;
INSERT INTO "record" VALUES('applied','xxh3:11111111111111111111111111111111','','xxh3:22222222222222222222222222222222','task-1',NULL,NULL,-813952943175520020,NULL,NULL);
INSERT INTO "record" VALUES('creating',NULL,NULL,NULL,'',NULL,NULL,2779131698055653813,NULL,NULL);
INSERT INTO "record" VALUES('deleting','xxh3:11111111111111111111111111111111','','xxh3:22222222222222222222222222222222','task-2',NULL,NULL,-6879600366884490958,NULL,NULL);
INSERT INTO "record" VALUES('failed at first',NULL,NULL,NULL,'','{"kind": "invalid", "phase": "create", "message": "Item \"x\" isn''t\nan image.", "attempts": 2, "status": 422, "hint": "Look at it."}','["xxh3:11111111111111111111111111111111", "", "xxh3:22222222222222222222222222222222"]',4898865197144159990,NULL,NULL);
INSERT INTO "record" VALUES('failed later','sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','xxh3:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','xxh3:cccccccccccccccccccccccccccccccc','task-3','{"kind": "invalid", "phase": "create", "message": "Item \"x\" isn''t\nan image.", "attempts": 2, "status": 422, "hint": "Look at it."}','["xxh3:11111111111111111111111111111111", "", "xxh3:22222222222222222222222222222222"]',7646795363814154982,NULL,NULL);
INSERT INTO "record" VALUES('ünïcode ''and
newline','xxh3:11111111111111111111111111111111','','xxh3:22222222222222222222222222222222','task-4',NULL,NULL,6706230002492066008,NULL,NULL);
CREATE TABLE upload (content TEXT NOT NULL, storage TEXT NOT NULL, ref TEXT NOT NULL, seal BIGINT, PRIMARY KEY (content, storage)) WITHOUT ROWID;
INSERT INTO "upload" VALUES('xxh3:dddddddddddddddddddddddddddddddd','redbrick','blob/d',-3039837972998401639);
COMMIT;

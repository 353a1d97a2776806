"""Documents in the current dialect, each a name, its variables, and one root field."""

from __future__ import annotations

_PROJECT = "$orgId: UUID!, $projectId: UUID!"
_IN_PROJECT = "orgId: $orgId, projectId: $projectId"
_USER = "userId email givenName"
_STAGE = """stageName brickName stageConfig routing {
  ... on NoRouting { placeholder } ... on NextRouting { nextStageName }
  ... on MultiRouting { stageNames } ... on BooleanRouting { passed failed }
  ... on FeedbackRouting { feedbackStageName } }"""
_ATTRIBUTE = "name attrType attrId options { name optionId color archived } archived parents"
_TAXONOMY = f"""orgId name version createdAt archived isNew taxId
  categories {{ name children {{ name classId children {{ name classId }} }} }}
  attributes {{ name attrType whitelist disabled }} colorMap {{ name color classid trail }}
  studyClassify {{ {_ATTRIBUTE} }} seriesClassify {{ {_ATTRIBUTE} }}
  objectTypes {{ category classId labelType color archived parents hint
    attributes {{ {_ATTRIBUTE} }} }}"""
_DATAPOINT = f"""dpId name items(presigned: false) itemsPresigned: items(presigned: true)
  createdAt createdByEntity {{ {_USER} }} metaData
  seriesInfo {{ name itemsIndices dataType metaData imageHeaders localToWorldTransform }}
  heatMaps {{ seriesIndex name item }} transforms {{ seriesIndex transform }}
  centerline {{ seriesIndex name centerline }}
  storageMethod {{ storageId }} attributes archived cohorts {{ name }}"""
_DATA = f"""tdId createdAt createdByEntity {{ {_USER} }} labelsData(interpolate: true)
  labelsDataPath(presigned: false) labelsStorage {{ storageId }}
  labelsMap(presigned: false) {{ seriesIndex imageIndex labelName }}"""
_SUB_TASK = f"""currentStageSubTask {{ ... on LabelingTask {{
  state assignedTo {{ {_USER} }} assignedAt completedAt subTasks {{ state }} }} }}"""
_TASK = f"""taskId dpId currentStageName priority createdAt updatedAt {_SUB_TASK}
  datapoint {{ {_DATAPOINT} }} latestTaskData {{ {_DATA} }}"""
_PLACE = "presignedUrl filePath fileName"
_LABELS = "$labelsData: String, $labelsDataPath: String, $labelsMap: [LabelMapInput]"
_GIVE_LABELS = "labelsData: $labelsData, labelsDataPath: $labelsDataPath, labelsMap: $labelsMap"
_BESIDE = """$seriesInfo: [SeriesInfoInput!], $heatMaps: [HeatMapInput!],
  $transforms: [TransformInput!], $centerline: [CenterlineInput!]"""
_GIVE_BESIDE = """seriesInfo: $seriesInfo, heatMaps: $heatMaps, transforms: $transforms,
  centerline: $centerline"""

_DOCUMENTS = {
    "project": f"""query getProjectSDK({_PROJECT}) {{ project({_IN_PROJECT}) {{
      orgId projectId name desc status tdType taxonomy {{ {_TAXONOMY} }} projectUrl createdAt
      updatedAt consensusSettings {{ enabled }} workspace {{ workspaceId }}
      stages {{ {_STAGE} }} }} }}""",
    "stages": f"query getStagesSDK({_PROJECT}) {{ stages({_IN_PROJECT}) {{ {_STAGE} }} }}",
    "taxonomy": f"""query getTaxonomySDK($orgId: UUID!, $taxId: UUID, $name: String) {{
      taxonomy(orgId: $orgId, taxId: $taxId, name: $name) {{ {_TAXONOMY} }} }}""",
    "taxonomies": """query getTaxonomiesSDK($orgId: UUID!, $first: Int, $skip: Int) {
      taxonomies(orgId: $orgId, first: $first, skip: $skip) { orgId name } }""",
    "storageMethods": f"""query storageMethodsSDK($orgId: UUID!) {{ storageMethods(orgId: $orgId) {{
      orgId storageId name provider details {{
        ... on S3BucketStorageDetails {{ bucket region duration access roleArn }}
        ... on GCSBucketStorageDetails {{ bucket }} }}
      createdBy {{ {_USER} }} createdAt deleted }} }}""",
    "getLabelStorage": f"""query getLabelStorageSDK({_PROJECT}) {{
      getLabelStorage({_IN_PROJECT}) {{ storageId path }} }}""",
    "members": f"""query membersSDK($orgId: UUID!, $onlyActive: Boolean) {{
      members(orgId: $orgId, onlyActive: $onlyActive) {{ user {{ {_USER} }} role active }} }}""",
    "me": f"query meSDK {{ me {{ {_USER} }} }}",
    "validateAndConvertToImportFormat": """query validateAndConvertToImportFormatSDK(
      $original: String!, $convert: Boolean, $storageId: UUID) {
      validateAndConvertToImportFormat(
        original: $original, convert: $convert, storageId: $storageId
      ) { isValid error converted } }""",
    "itemsUploadPresign": f"""query itemsUploadPresignSDK({_PROJECT}, $files: [String]!,
      $fileType: [String]!) {{ itemsUploadPresign(
        {_IN_PROJECT}, files: $files, fileType: $fileType) {{ items {{ {_PLACE} }} }} }}""",
    "presignUploads": f"""query presignUploadsSDK({_PROJECT}, $files: [String!]!,
      $type: String!, $encoding: String) {{ presignUploads({_IN_PROJECT}, files: $files,
        fileType: $type, fileEncoding: $encoding) {{ {_PLACE} }} }}""",
    "itemListUploadPresign": f"""query itemListUploadPresignSDK(
      $orgId: UUID!, $fileName: String!) {{
      itemListUploadPresign(orgId: $orgId, fileName: $fileName) {{ {_PLACE} uploadId }} }}""",
    "presignItems": """query presignItemsSDK($orgId: UUID!, $storageId: UUID!, $items: [String]!) {
      presignItems(orgId: $orgId, storageId: $storageId, items: $items) }""",
    "createDatapoint": f"""mutation createDatapointSDK($orgId: UUID!, $projectId: UUID,
      $items: [String!]!, $name: String!, $storageId: UUID!, {_LABELS}, {_BESIDE},
      $metaData: String, $isGroundTruth: Boolean!, $preAssign: String, $priority: Float,
      $attributes: JSONString) {{
      createDatapoint({_IN_PROJECT}, items: $items, name: $name, storageId: $storageId,
        {_GIVE_LABELS}, {_GIVE_BESIDE}, metaData: $metaData, isGroundTruth: $isGroundTruth,
        preAssign: $preAssign, priority: $priority, attributes: $attributes
      ) {{ dpId taskId taskIds }} }}""",
    "itemListUploadSuccess": """mutation itemListUploadSuccessSDK($orgId: UUID!,
      $projectId: UUID, $payload: ItemsListUploadSuccessInput!) {
      itemListUploadSuccess(orgId: $orgId, projectId: $projectId, payload: $payload) {
        ok message } }""",
    "task": f"""query taskSDK({_PROJECT}, $taskId: UUID!) {{
      task({_IN_PROJECT}, taskId: $taskId) {{ {_TASK} }} }}""",
    "taskData": f"""query taskDataSDK({_PROJECT}, $taskId: UUID, $tdId: UUID) {{
      taskData({_IN_PROJECT}, taskId: $taskId, tdId: $tdId) {{ {_DATA} }} }}""",
    "tasksPaged": f"""query tasksPagedSDK({_PROJECT}, $stageName: String,
      $cacheTime: DateTime, $first: Int, $after: String) {{
      tasksPaged({_IN_PROJECT}, stageName: $stageName, cacheTime: $cacheTime, first: $first,
        after: $after) {{ entries {{ {_TASK} }} cursor cacheTime count }} }}""",
    "genericTasks": f"""query tasksListSDK({_PROJECT}, $stageName: String, $taskSearch: String,
      $manualLabelingFilters: TasksFilter, $first: Int, $after: String) {{
      genericTasks({_IN_PROJECT}, stageName: $stageName, taskSearch: $taskSearch,
        manualLabelingFilters: $manualLabelingFilters, first: $first, after: $after) {{
        entries {{ {_TASK} }} cursor }} }}""",
    "updateTaskItems": f"""mutation updateTaskItemsSDK($orgId: UUID!, $projectId: UUID,
      $taskId: UUID, $storageId: UUID!, $items: [String!], {_BESIDE}, $metaData: String,
      $append: Boolean) {{ updateTaskItems({_IN_PROJECT}, taskId: $taskId,
        storageId: $storageId, items: $items, {_GIVE_BESIDE}, metaData: $metaData,
        append: $append) {{ ok message }} }}""",
    "putLabels": f"""mutation updateTasksLabelsSDK({_PROJECT}, $taskId: UUID!, {_LABELS},
      $finalize: Boolean, $extraData: JSONString) {{ putLabels({_IN_PROJECT}, taskId: $taskId,
        {_GIVE_LABELS}, finalize: $finalize, extraData: $extraData) {{ ok message }} }}""",
    "putExpertReviewTask": f"""mutation putReviewTaskSDK({_PROJECT}, $stageName: String!,
      $taskId: UUID!, $reviewVal: Boolean!, $elapsedTimeMs: Int!) {{
      putExpertReviewTask({_IN_PROJECT}, stageName: $stageName, taskId: $taskId,
        reviewVal: $reviewVal, elapsedTimeMs: $elapsedTimeMs) {{ ok message }} }}""",
    "putManualLabelingTaskAndLabels": f"""mutation putTaskAndLabelsSDK({_PROJECT},
      $stageName: String!, $taskId: UUID!, $elapsedTimeMs: Int!, $finished: Boolean!, {_LABELS}) {{
      putManualLabelingTaskAndLabels({_IN_PROJECT}, stageName: $stageName, taskId: $taskId,
        elapsedTimeMs: $elapsedTimeMs, finished: $finished, {_GIVE_LABELS}) {{ ok message }} }}""",
    "updateTasksPriorities": f"""mutation updateTasksPrioritiesSDK({_PROJECT},
      $tasks: [UpdateTaskPriorityInput!]!) {{
      updateTasksPriorities({_IN_PROJECT}, tasks: $tasks) {{ ok message }} }}""",
    "moveTasks": f"""mutation moveTasksSDK({_PROJECT}, $taskIds: [UUID!]!, $stageName: String!) {{
      moveTasks({_IN_PROJECT}, taskIds: $taskIds, stageName: $stageName) {{ ok message }} }}""",
    "moveTaskToStart": f"""mutation moveTaskToStartSDK({_PROJECT}, $taskId: UUID!) {{
      moveTaskToStart({_IN_PROJECT}, taskId: $taskId) {{ ok message }} }}""",
    "deleteTasks": f"""mutation deleteTasksSDK({_PROJECT}, $taskIds: [UUID!],
      $taskNames: [String!]) {{ deleteTasks(
        {_IN_PROJECT}, taskIds: $taskIds, taskNames: $taskNames) {{ ok message }} }}""",
}


def text(name: str) -> str:
    """The document whose root field this is."""
    return _DOCUMENTS[name]

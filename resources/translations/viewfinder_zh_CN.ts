<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>About</name>
    <message>
        <source>About Viewfinder</source>
        <translation>关于 Viewfinder</translation>
    </message>
    <message>
        <source>Answers questions about pictures and videos with Qwen3-VL on your own computer.</source>
        <translation>用 Qwen3-VL 在您自己的电脑上回答有关图片和视频的问题。</translation>
    </message>
    <message>
        <source>Licence: {0}</source>
        <translation>许可证：{0}</translation>
    </message>
    <message>
        <source>Licences…</source>
        <translation>许可证…</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>显示(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Conversation</source>
        <translation>对话(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>Nothing to take back here</source>
        <translation>这里没有可撤销的操作</translation>
    </message>
    <message>
        <source>Nothing is selected</source>
        <translation>未选择任何内容</translation>
    </message>
    <message>
        <source>No answer yet</source>
        <translation>还没有回答</translation>
    </message>
    <message>
        <source>Nothing has been asked yet</source>
        <translation>还没有提问</translation>
    </message>
    <message>
        <source>Nothing else here</source>
        <translation>没有其他项目</translation>
    </message>
    <message>
        <source>&amp;Open…</source>
        <translation>打开(&amp;O)…</translation>
    </message>
    <message>
        <source>Open &amp;Folder…</source>
        <translation>打开文件夹(&amp;F)…</translation>
    </message>
    <message>
        <source>Take a &amp;Screenshot…</source>
        <translation>截取屏幕(&amp;S)…</translation>
    </message>
    <message>
        <source>This system has no means for it</source>
        <translation>此系统不支持</translation>
    </message>
    <message>
        <source>&amp;Clear Recent Files</source>
        <translation>清除最近使用的文件(&amp;C)</translation>
    </message>
    <message>
        <source>No recent files</source>
        <translation>没有最近使用的文件</translation>
    </message>
    <message>
        <source>Open &amp;Recent</source>
        <translation>打开最近使用的文件(&amp;R)</translation>
    </message>
    <message>
        <source>Export as &amp;Markdown…</source>
        <translation>导出为 Markdown(&amp;M)…</translation>
    </message>
    <message>
        <source>Export as &amp;JSON…</source>
        <translation>导出为 JSON(&amp;J)…</translation>
    </message>
    <message>
        <source>&amp;Copy Pictures Beside Markdown</source>
        <translation>导出 Markdown 时一并复制图片(&amp;C)</translation>
    </message>
    <message>
        <source>Close &amp;Window</source>
        <translation>关闭窗口(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Quit Viewfinder</source>
        <translation>退出 Viewfinder(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>Re&amp;do</source>
        <translation>重做(&amp;D)</translation>
    </message>
    <message>
        <source>Cu&amp;t</source>
        <translation>剪切(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>复制(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>粘贴(&amp;P)</translation>
    </message>
    <message>
        <source>Select A&amp;ll</source>
        <translation>全选(&amp;L)</translation>
    </message>
    <message>
        <source>No text in hand</source>
        <translation>没有可操作的文字</translation>
    </message>
    <message>
        <source>Copy P&amp;icture</source>
        <translation>复制图片(&amp;I)</translation>
    </message>
    <message>
        <source>Nothing here</source>
        <translation>没有项目</translation>
    </message>
    <message>
        <source>&amp;Remove Item</source>
        <translation>移除项目(&amp;R)</translation>
    </message>
    <message>
        <source>Remove &amp;All Items</source>
        <translation>移除所有项目(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Next Item</source>
        <translation>下一项(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Previous Item</source>
        <translation>上一项(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Licences…</source>
        <translation>许可证(&amp;L)…</translation>
    </message>
    <message>
        <source>What is selected has no file</source>
        <translation>所选项目没有文件</translation>
    </message>
    <message>
        <source>&amp;Settings</source>
        <translation>设置(&amp;S)</translation>
    </message>
    <message>
        <source>Show &amp;Media</source>
        <translation>显示媒体栏(&amp;M)</translation>
    </message>
    <message>
        <source>Next P&amp;art of the Window</source>
        <translation>窗口的下一个区域(&amp;A)</translation>
    </message>
    <message>
        <source>Previous Pa&amp;rt of the Window</source>
        <translation>窗口的上一个区域(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Command List…</source>
        <translation>命令列表(&amp;C)…</translation>
    </message>
    <message>
        <source>&amp;Full Screen</source>
        <translation>全屏(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Ask</source>
        <translation>提问(&amp;A)</translation>
    </message>
    <message>
        <source>No question, or no model yet</source>
        <translation>尚未输入问题，或没有可用的模型</translation>
    </message>
    <message>
        <source>&amp;Stop</source>
        <translation>停止(&amp;S)</translation>
    </message>
    <message>
        <source>Ask A&amp;gain</source>
        <translation>重新提问(&amp;G)</translation>
    </message>
    <message>
        <source>C&amp;ontinue Answer</source>
        <translation>继续回答(&amp;O)</translation>
    </message>
    <message>
        <source>No answer was stopped between the parts of a video</source>
        <translation>没有在视频各段之间停止的回答</translation>
    </message>
    <message>
        <source>&amp;Edit Last Question</source>
        <translation>编辑上一个问题(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;New Conversation</source>
        <translation>新对话(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Copy Last Answer</source>
        <translation>复制上一个回答(&amp;C)</translation>
    </message>
    <message>
        <source>Copy Last &amp;Question</source>
        <translation>复制上一个问题(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Forget Question History</source>
        <translation>清除提问记录(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Models</source>
        <translation>模型(&amp;M)</translation>
    </message>
    <message>
        <source>Stop &amp;Loading the Model</source>
        <translation>停止加载模型(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Unload the Model</source>
        <translation>卸载模型(&amp;U)</translation>
    </message>
    <message>
        <source>No model is loaded, or it is at work</source>
        <translation>没有已加载的模型，或模型正在工作</translation>
    </message>
    <message>
        <source>&amp;Keyboard Shortcuts</source>
        <translation>键盘快捷键(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;Report a Problem…</source>
        <translation>报告问题(&amp;R)…</translation>
    </message>
    <message>
        <source>&amp;About Viewfinder</source>
        <translation>关于 Viewfinder(&amp;A)</translation>
    </message>
    <message>
        <source>Show in &amp;Folder</source>
        <translation>在文件夹中显示(&amp;F)</translation>
    </message>
    <message>
        <source>Show in &amp;Finder</source>
        <translation>在“访达”中显示(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Move Item Up</source>
        <translation>上移项目(&amp;M)</translation>
    </message>
    <message>
        <source>Move Item Do&amp;wn</source>
        <translation>下移项目(&amp;W)</translation>
    </message>
    <message>
        <source>Copy Pat&amp;h</source>
        <translation>复制路径(&amp;H)</translation>
    </message>
    <message>
        <source>Zoom &amp;In</source>
        <translation>放大(&amp;I)</translation>
    </message>
    <message>
        <source>Zoom &amp;Out</source>
        <translation>缩小(&amp;O)</translation>
    </message>
    <message>
        <source>Zoom to Fi&amp;t</source>
        <translation>适合窗口(&amp;T)</translation>
    </message>
    <message>
        <source>Actual &amp;Size</source>
        <translation>实际大小(&amp;S)</translation>
    </message>
    <message>
        <source>Rotate &amp;Left</source>
        <translation>向左旋转(&amp;L)</translation>
    </message>
    <message>
        <source>Rotate Ri&amp;ght</source>
        <translation>向右旋转(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Window</source>
        <translation>窗口(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Minimise</source>
        <translation>最小化(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Zoom</source>
        <translation>缩放(&amp;Z)</translation>
    </message>
    <message>
        <source>Vi&amp;deo</source>
        <translation>视频(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Previous Frame</source>
        <translation>上一帧(&amp;P)</translation>
    </message>
    <message>
        <source>&amp;Next Frame</source>
        <translation>下一帧(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Begin the Range Here</source>
        <translation>范围从此处开始(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;End the Range Here</source>
        <translation>范围到此处结束(&amp;E)</translation>
    </message>
    <message>
        <source>Take the &amp;Whole Video</source>
        <translation>使用整个视频(&amp;W)</translation>
    </message>
    <message>
        <source>&amp;Take Out This Frame as a Picture</source>
        <translation>将此帧取出为图片(&amp;T)</translation>
    </message>
    <message>
        <source>No video is looked at</source>
        <translation>当前显示的不是视频</translation>
    </message>
    <message>
        <source>The whole video is taken already</source>
        <translation>已在使用整个视频</translation>
    </message>
    <message>
        <source>Show Log &amp;Files</source>
        <translation>显示日志文件(&amp;F)</translation>
    </message>
    <message>
        <source>Show Logs in Finder</source>
        <translation>在访达中显示日志</translation>
    </message>
    <message>
        <source>“Ask Viewfinder” in Finder&apos;s Quick Actions</source>
        <translation>访达快速操作“用 Viewfinder 提问”</translation>
    </message>
    <message>
        <source>Settings…</source>
        <translation>设置…</translation>
    </message>
</context>
<context>
    <name>AdapterChoice</name>
    <message>
        <source>Choose Folder…</source>
        <translation>选择文件夹…</translation>
    </message>
    <message>
        <source>Choose the folder of an adapter</source>
        <translation>选择适配器的文件夹</translation>
    </message>
    <message>
        <source>Take Off</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Take the adapter off</source>
        <translation>移除适配器</translation>
    </message>
    <message>
        <source>Chooses a folder that PEFT or mlx-vlm has written.</source>
        <translation>选择由 PEFT 或 mlx-vlm 写出的文件夹。</translation>
    </message>
    <message>
        <source>Loads the model anew without the adapter.</source>
        <translation>不带适配器重新加载模型。</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Rank {0}, on {1}.</source>
        <translation>秩 {0}，作用于 {1}。</translation>
    </message>
    <message>
        <source>It says it was made for {0}.</source>
        <translation>它自称是为 {0} 制作的。</translation>
    </message>
    <message>
        <source>The Adapter’s Folder</source>
        <translation>适配器的文件夹</translation>
    </message>
</context>
<context>
    <name>Answer</name>
    <message>
        <source>Code</source>
        <translation>代码</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>picture</source>
        <translation>图片</translation>
    </message>
</context>
<context>
    <name>Asking</name>
    <message>
        <source>Type a question first.</source>
        <translation>请先输入问题。</translation>
    </message>
    <message>
        <source>Finish the word first.</source>
        <translation>请先完成当前的输入。</translation>
    </message>
    <message>
        <source>There is no model to ask: choose one under “Models”.</source>
        <translation>没有可提问的模型：请在“模型”中选择一个。</translation>
    </message>
    <message>
        <source>Say first whether the model is to be loaded.</source>
        <translation>请先决定是否加载该模型。</translation>
    </message>
    <message>
        <source>The model is being looked for.</source>
        <translation>正在查找模型。</translation>
    </message>
    <message>
        <source>What is selected cannot be asked about.</source>
        <translation>无法就所选项目提问。</translation>
    </message>
    <message>
        <source>This is more than the model can take.</source>
        <translation>超出了模型的处理上限。</translation>
    </message>
    <message>
        <source>More pictures and videos are being looked for.</source>
        <translation>正在查找更多图片和视频。</translation>
    </message>
    <message>
        <source>Ask now: the answer comes once the model is loaded.</source>
        <translation>现在即可提问，模型加载完成后就会回答。</translation>
    </message>
    <message>
        <source>Send the question</source>
        <translation>发送问题</translation>
    </message>
</context>
<context>
    <name>BudgetChoice</name>
    <message>
        <source>Tokens per picture</source>
        <translation>每张图片的 token 数</translation>
    </message>
    <message>
        <source>Quick</source>
        <translation>快速</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>均衡</translation>
    </message>
    <message>
        <source>Fine</source>
        <translation>精细</translation>
    </message>
    <message>
        <source>Whole</source>
        <translation>完整</translation>
    </message>
    <message>
        <source>{0}: as many tokens as each picture needs</source>
        <translation>{0}：每张图片按需使用 token</translation>
    </message>
    <message>
        <source>up to {0} tokens per picture</source>
        <translation>每张图片最多 {0} token</translation>
    </message>
    <message>
        <source>{0}: {1}</source>
        <translation>{0}：{1}</translation>
    </message>
</context>
<context>
    <name>CaptionPill</name>
    <message>
        <source>Drag the picture to another program to give it a copy; zoomed in, hold Alt.</source>
        <translation>将图片拖到其他程序即可复制一份；放大时请按住 Alt。</translation>
    </message>
    <message>
        <source>Drag the picture to another program to give it a copy; zoomed in, hold Option.</source>
        <translation>将图片拖到其他程序即可复制一份；放大时请按住 Option。</translation>
    </message>
</context>
<context>
    <name>CommandList</name>
    <message>
        <source>Commands</source>
        <translation>命令</translation>
    </message>
    <message>
        <source>Type a command…</source>
        <translation>输入命令…</translation>
    </message>
    <message>
        <source>Search the commands</source>
        <translation>搜索命令</translation>
    </message>
    <message>
        <source>Up and Down choose, Return does it, Esc closes.</source>
        <translation>上下方向键选择，回车键执行，Esc 键关闭。</translation>
    </message>
    <message>
        <source>Commands that fit</source>
        <translation>符合的命令</translation>
    </message>
    <message>
        <source>Those that cannot be used now say why.</source>
        <translation>当前不可用的命令会说明原因。</translation>
    </message>
    <message>
        <source>No command fits these words.</source>
        <translation>没有符合的命令。</translation>
    </message>
</context>
<context>
    <name>Commands</name>
    <message>
        <source>Pictures ({0})</source>
        <translation>图片 ({0})</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Pictures and videos ({0})</source>
        <translation>图片和视频 ({0})</translation>
    </message>
    <message>
        <source>Videos ({0})</source>
        <translation>视频 ({0})</translation>
    </message>
    <message>
        <source>Open Pictures and Videos</source>
        <translation>打开图片和视频</translation>
    </message>
    <message>
        <source>Open Folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Markdown (*.md)</source>
        <translation>Markdown (*.md)</translation>
    </message>
    <message>
        <source>JSON (*.json)</source>
        <translation>JSON (*.json)</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Saved {0}</source>
        <translation>已保存 {0}</translation>
    </message>
    <message>
        <source>Saved {0}. Videos are linked, not copied: leave them where they are.</source>
        <translation>已保存 {0}。视频只作链接，未复制：请保留原位置。</translation>
    </message>
    <message>
        <source>The answer is on the clipboard.</source>
        <translation>回答已复制到剪贴板。</translation>
    </message>
    <message>
        <source>The report is on the clipboard, without file names and questions.</source>
        <translation>诊断报告已复制到剪贴板，不含文件名和问题。</translation>
    </message>
</context>
<context>
    <name>ContextChoice</name>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Auto ({0})</source>
        <translation>自动（{0}）</translation>
    </message>
</context>
<context>
    <name>DownloadSettings</name>
    <message>
        <source>Mirror</source>
        <translation>镜像</translation>
    </message>
    <message>
        <source>An address that has the same models as huggingface.co, such as https://hf-mirror.com.</source>
        <translation>与 huggingface.co 有相同模型的地址，例如 https://hf-mirror.com。</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>代理</translation>
    </message>
    <message>
        <source>What requests go through. Empty: as this system’s own settings say.</source>
        <translation>请求经由的代理。留空则按照本系统自己的设置。</translation>
    </message>
    <message>
        <source>Check the Connection</source>
        <translation>检查连接</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>令牌</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation>忘记</translation>
    </message>
    <message>
        <source>Work offline</source>
        <translation>离线工作</translation>
    </message>
    <message>
        <source>No connection is made at all. Models on this computer work as ever.</source>
        <translation>完全不建立网络连接。本机上的模型照常工作。</translation>
    </message>
    <message>
        <source>HF_HUB_OFFLINE is set on this system: Viewfinder stays offline until it is not.</source>
        <translation>本系统设置了 HF_HUB_OFFLINE：在取消之前，Viewfinder 一直离线。</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Asks the address once whether it answers; nothing is downloaded.</source>
        <translation>向该地址询问一次，看是否有应答；不会下载任何内容。</translation>
    </message>
    <message>
        <source>Keeps the token in this system’s keychain.</source>
        <translation>把令牌保存在本系统的钥匙串中。</translation>
    </message>
    <message>
        <source>Takes the token out of this system’s keychain.</source>
        <translation>从本系统的钥匙串中移除令牌。</translation>
    </message>
    <message>
        <source>For models whose makers want to be asked. It is kept in this system’s keychain.</source>
        <translation>用于需要向作者申请的模型。令牌保存在本系统的钥匙串中。</translation>
    </message>
    <message>
        <source>Asking {0}…</source>
        <translation>正在询问 {0}…</translation>
    </message>
    <message>
        <source>{0} answers, and knows the token as {1}’s.</source>
        <translation>{0} 有应答，令牌属于 {1}。</translation>
    </message>
    <message>
        <source>{0} answers.</source>
        <translation>{0} 有应答。</translation>
    </message>
    <message>
        <source>A token for {0} is kept in this system’s keychain.</source>
        <translation>{0} 的令牌已保存在本系统的钥匙串中。</translation>
    </message>
    <message>
        <source>None is kept; the one in HF_TOKEN is used.</source>
        <translation>没有保存令牌；使用 HF_TOKEN 中的令牌。</translation>
    </message>
    <message>
        <source>None is kept; the one from “hf auth login” is used.</source>
        <translation>没有保存令牌；使用“hf auth login”的令牌。</translation>
    </message>
    <message>
        <source>None is kept for {0}. Most models need none.</source>
        <translation>没有为 {0} 保存令牌。大多数模型不需要令牌。</translation>
    </message>
    <message>
        <source>This system has no keychain to keep one in. Sign in with “hf auth login”, or set HF_TOKEN: Viewfinder reads it there.</source>
        <translation>本系统没有可保存令牌的钥匙串。请用“hf auth login”登录，或设置 HF_TOKEN：Viewfinder 会从那里读取。</translation>
    </message>
</context>
<context>
    <name>DownloadStatus</name>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Download failed</source>
        <translation>下载失败</translation>
    </message>
    <message>
        <source>Download paused at {0} %</source>
        <translation>下载已暂停（{0} %）</translation>
    </message>
    <message>
        <source>Download paused</source>
        <translation>下载已暂停</translation>
    </message>
    <message>
        <source>Download {0} %</source>
        <translation>下载 {0} %</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Paused at {0} %</source>
        <translation>已暂停（{0} %）</translation>
    </message>
    <message>
        <source>{0} · waiting for the server</source>
        <translation>{0} · 等待服务器</translation>
    </message>
    <message>
        <source>{0}, {1} more</source>
        <translation>{0}，另有 {1} 项</translation>
    </message>
    <message>
        <source>Use {0} now</source>
        <translation>立即使用 {0}</translation>
    </message>
    <message>
        <source>{0} is downloaded and can answer.</source>
        <translation>{0} 已下载，可以回答。</translation>
    </message>
    <message>
        <source>Use it now</source>
        <translation>立即使用</translation>
    </message>
</context>
<context>
    <name>DropHint</name>
    <message>
        <source>Drop files or a folder</source>
        <translation>拖入文件或文件夹</translation>
    </message>
    <message>
        <source>or press {0}</source>
        <translation>或按 {0}</translation>
    </message>
</context>
<context>
    <name>DropZone</name>
    <message>
        <source>Add the picture</source>
        <translation>添加该图片</translation>
    </message>
    <message>
        <source>Add {0} pictures</source>
        <translation>添加 {0} 张图片</translation>
    </message>
    <message>
        <source>Web addresses are not opened</source>
        <translation>不会打开网址</translation>
    </message>
    <message>
        <source>Add {0} items</source>
        <translation>添加 {0} 项</translation>
    </message>
    <message>
        <source>Add “{0}”</source>
        <translation>添加“{0}”</translation>
    </message>
    <message>
        <source>Save it as a file first, then drop the file.</source>
        <translation>请先另存为文件，再拖放该文件。</translation>
    </message>
    <message>
        <source>Add the files and what is in the folders</source>
        <translation>添加这些文件以及文件夹中的内容</translation>
    </message>
    <message>
        <source>Add the pictures and videos in {0} folders</source>
        <translation>添加 {0} 个文件夹中的图片和视频</translation>
    </message>
    <message>
        <source>Add the pictures and videos in “{0}”</source>
        <translation>添加“{0}”中的图片和视频</translation>
    </message>
    <message>
        <source>Add “{0}” if it is a picture or a video</source>
        <translation>如果“{0}”是图片或视频，则添加</translation>
    </message>
    <message>
        <source>Add the pictures and videos among {0} files</source>
        <translation>添加 {0} 个文件中的图片和视频</translation>
    </message>
    <message>
        <source>Add {0} videos</source>
        <translation>添加 {0} 个视频</translation>
    </message>
    <message>
        <source>Add {0} files</source>
        <translation>添加 {0} 个文件</translation>
    </message>
    <message>
        <source>None of these files can be used</source>
        <translation>这些文件都无法使用</translation>
    </message>
    <message>
        <source>“{0}” cannot be found</source>
        <translation>找不到“{0}”</translation>
    </message>
    <message>
        <source>“{0}” is empty</source>
        <translation>“{0}”为空</translation>
    </message>
    <message>
        <source>Drop pictures and videos here</source>
        <translation>将图片和视频拖放到这里</translation>
    </message>
</context>
<context>
    <name>EmptyState</name>
    <message>
        <source>Drop pictures, videos or a folder</source>
        <translation>拖入图片、视频或文件夹</translation>
    </message>
    <message>
        <source>Choose files…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Opens pictures and videos from this computer.</source>
        <translation>打开这台电脑上的图片和视频。</translation>
    </message>
    <message>
        <source>Try the sample picture</source>
        <translation>试试示例图片</translation>
    </message>
    <message>
        <source>JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP, MP4, MOV, MKV, WebM, AVI</source>
        <translation>JPEG、PNG、WebP、HEIC、AVIF、TIFF、GIF、BMP、MP4、MOV、MKV、WebM、AVI</translation>
    </message>
    <message>
        <source>Try the sample video</source>
        <translation>试试示例视频</translation>
    </message>
    <message>
        <source>Opens a picture that comes with the program, with a question for it.</source>
        <translation>打开程序自带的图片和相应的问题。</translation>
    </message>
    <message>
        <source>Opens a video that comes with the program, with a question for it.</source>
        <translation>打开程序自带的视频和相应的问题。</translation>
    </message>
</context>
<context>
    <name>EndButton</name>
    <message>
        <source>New text below ↓</source>
        <translation>下方有新内容 ↓</translation>
    </message>
    <message>
        <source>Go to the new text below</source>
        <translation>前往下方的新内容</translation>
    </message>
</context>
<context>
    <name>Errors</name>
    <message>
        <source>{document} is damaged: it {words}.</source>
        <translation>{document}已损坏：它{words}。</translation>
    </message>
    <message>
        <source>{document} is damaged: “{place}” {words}.</source>
        <translation>{document}已损坏：“{place}”{words}。</translation>
    </message>
    <message>
        <source>{document} is damaged: “{place}” is out of range. {reason}</source>
        <translation>{document}已损坏：“{place}”超出范围。{reason}</translation>
    </message>
    <message>
        <source>is not an object</source>
        <translation>不是对象</translation>
    </message>
    <message>
        <source>is missing</source>
        <translation>缺失</translation>
    </message>
    <message>
        <source>is not a list</source>
        <translation>不是列表</translation>
    </message>
    <message>
        <source>is not a text</source>
        <translation>不是文本</translation>
    </message>
    <message>
        <source>is not a number</source>
        <translation>不是数字</translation>
    </message>
    <message>
        <source>is beyond all numbers</source>
        <translation>超出了数值范围</translation>
    </message>
    <message>
        <source>is a time without its zone</source>
        <translation>是没有时区的时间</translation>
    </message>
    <message>
        <source>is not a whole number from {least}</source>
        <translation>不是大于等于 {least} 的整数</translation>
    </message>
    <message>
        <source>is not a date and time</source>
        <translation>不是日期和时间</translation>
    </message>
    <message>
        <source>Give “demo”, a folder, or a repository such as Qwen/Qwen3-VL-4B-Instruct.</source>
        <translation>请输入“demo”、一个文件夹，或仓库名，例如 Qwen/Qwen3-VL-4B-Instruct。</translation>
    </message>
    <message>
        <source>{stored}, loaded in {bits} bits</source>
        <translation>{stored}，加载为 {bits} 位</translation>
    </message>
    <message>
        <source>There is no model “{name}”.</source>
        <translation>没有名为“{name}”的模型。</translation>
    </message>
    <message>
        <source>Choose the folder of a Qwen3-VL checkpoint.</source>
        <translation>请选择 Qwen3-VL 模型所在的文件夹。</translation>
    </message>
    <message>
        <source>It needs .safetensors files; download it again.</source>
        <translation>其中应有 .safetensors 文件，请重新下载。</translation>
    </message>
    <message>
        <source>Viewfinder never does that; choose a checkpoint of weights alone.</source>
        <translation>Viewfinder 从不允许这样做，请选择只含权重的模型。</translation>
    </message>
    <message>
        <source>Download the model again.</source>
        <translation>请重新下载该模型。</translation>
    </message>
    <message>
        <source>Demo model</source>
        <translation>演示模型</translation>
    </message>
    <message>
        <source>The folder {folder} has no config.json.</source>
        <translation>文件夹 {folder} 中没有 config.json。</translation>
    </message>
    <message>
        <source>Supported are {names}.</source>
        <translation>支持的类型：{names}。</translation>
    </message>
    <message>
        <source>The folder {folder} has no weights.</source>
        <translation>文件夹 {folder} 中没有权重文件。</translation>
    </message>
    <message>
        <source>The model in {folder} wants to run its own program code.</source>
        <translation>{folder} 中的模型要求运行自带的程序代码。</translation>
    </message>
    <message>
        <source>Download it again.</source>
        <translation>请重新下载。</translation>
    </message>
    <message>
        <source>The file {path} does not hold a JSON object.</source>
        <translation>文件 {path} 的内容不是 JSON 对象。</translation>
    </message>
    <message>
        <source>The model {name} is not on this machine.</source>
        <translation>这台电脑上没有模型 {name}。</translation>
    </message>
    <message>
        <source>The files in {folder} are not those of a whole Qwen3-VL checkpoint.</source>
        <translation>{folder} 中的文件不是完整的 Qwen3-VL 模型。</translation>
    </message>
    <message>
        <source>The file {path} cannot be read.</source>
        <translation>无法读取文件 {path}。</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>An answer is still coming.</source>
        <translation>仍在生成回答。</translation>
    </message>
    <message>
        <source>Stop it or wait for its end.</source>
        <translation>请将其停止，或等待生成结束。</translation>
    </message>
    <message>
        <source>Something went wrong inside the program.</source>
        <translation>程序内部出错。</translation>
    </message>
    <message>
        <source>Try again; the log has the details.</source>
        <translation>请重试；详情见日志。</translation>
    </message>
    <message>
        <source>There was not enough memory.</source>
        <translation>内存不足。</translation>
    </message>
    <message>
        <source>Lower the tokens per picture or video, then try again.</source>
        <translation>请减少每张图片或每个视频的 token 数，然后重试。</translation>
    </message>
    <message>
        <source>Free some room, or save to another disk.</source>
        <translation>请腾出一些空间，或保存到其他磁盘。</translation>
    </message>
    <message>
        <source>Save it to another folder.</source>
        <translation>请保存到其他文件夹。</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>请换一个名称。</translation>
    </message>
    <message>
        <source>Make the folder, or choose another.</source>
        <translation>请新建该文件夹，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>Choose a shorter name.</source>
        <translation>请换一个较短的名称。</translation>
    </message>
    <message>
        <source>Try another folder or another name.</source>
        <translation>请换一个文件夹或名称再试。</translation>
    </message>
    <message>
        <source>The disk is full: “{name}” was not saved.</source>
        <translation>磁盘已满，“{name}”未能保存。</translation>
    </message>
    <message>
        <source>“{name}” may not be written in {folder}.</source>
        <translation>没有在 {folder} 中写入“{name}”的权限。</translation>
    </message>
    <message>
        <source>“{name}” is a folder, so no file of that name can be saved.</source>
        <translation>“{name}”是一个文件夹，无法保存同名文件。</translation>
    </message>
    <message>
        <source>“{name}” was not saved: the folder {folder} does not exist.</source>
        <translation>“{name}”未能保存：文件夹 {folder} 不存在。</translation>
    </message>
    <message>
        <source>“{name}” was not saved: its name is too long.</source>
        <translation>“{name}”未能保存：名称过长。</translation>
    </message>
    <message>
        <source>no such name is possible</source>
        <translation>不允许使用这样的名称</translation>
    </message>
    <message>
        <source>“{name}” was not saved: {reason}.</source>
        <translation>“{name}”未能保存：{reason}。</translation>
    </message>
    <message>
        <source>Folders inside it are not searched.</source>
        <translation>不会查找其中的子文件夹。</translation>
    </message>
    <message>
        <source>Add the others by choosing the files.</source>
        <translation>其余图片可通过选择文件来添加。</translation>
    </message>
    <message>
        <source>Check its permissions.</source>
        <translation>请检查其权限。</translation>
    </message>
    <message>
        <source>{bits}-bit, group {group}</source>
        <translation>{bits} 位，分组 {group}</translation>
    </message>
    <message>
        <source>The folder “{name}” cannot be read.</source>
        <translation>无法读取文件夹“{name}”。</translation>
    </message>
    <message>
        <source>The folder {folder} of the profile cannot be found.</source>
        <translation>找不到配置文件夹 {folder}。</translation>
    </message>
    <message>
        <source>This account has no home folder to keep settings and logs in.</source>
        <translation>此账户没有可用来存放设置和日志的个人文件夹。</translation>
    </message>
    <message>
        <source>Write it without “~”.</source>
        <translation>请不要使用“~”。</translation>
    </message>
    <message>
        <source>Name a folder with --profile DIR.</source>
        <translation>请用 --profile DIR 指定一个文件夹。</translation>
    </message>
    <message>
        <source>Copy or download it again from where it came from.</source>
        <translation>请从原处重新复制或下载。</translation>
    </message>
    <message>
        <source>Add the picture again.</source>
        <translation>请重新添加该图片。</translation>
    </message>
    <message>
        <source>Choose the pictures inside it.</source>
        <translation>请选择其中的图片。</translation>
    </message>
    <message>
        <source>Save the picture as a file first.</source>
        <translation>请先将图片保存为文件。</translation>
    </message>
    <message>
        <source>“{name}” is {kind}, which cannot be opened as a picture.</source>
        <translation>“{name}”（{kind}）无法作为图片打开。</translation>
    </message>
    <message>
        <source>Check the name, and that its disk is connected.</source>
        <translation>请检查名称是否正确，以及所在磁盘是否已连接。</translation>
    </message>
    <message>
        <source>Give yourself permission to read it, or copy it to another folder.</source>
        <translation>请为自己添加读取权限，或将其复制到其他文件夹。</translation>
    </message>
    <message>
        <source>Shorten its name.</source>
        <translation>请缩短其名称。</translation>
    </message>
    <message>
        <source>Check its disk, then try again.</source>
        <translation>请检查其所在磁盘，然后重试。</translation>
    </message>
    <message>
        <source>Close other programs or make it smaller.</source>
        <translation>请关闭其他程序，或将图片缩小。</translation>
    </message>
    <message>
        <source>“{name}” is damaged and cannot be opened.</source>
        <translation>“{name}”已损坏，无法打开。</translation>
    </message>
    <message>
        <source>“{name}” has neither a file nor data.</source>
        <translation>“{name}”既没有文件也没有数据。</translation>
    </message>
    <message>
        <source>“{name}” is a folder, not a picture.</source>
        <translation>“{name}”是文件夹，不是图片。</translation>
    </message>
    <message>
        <source>“{name}” is a device or a pipe, not a file.</source>
        <translation>“{name}”是设备或管道，不是文件。</translation>
    </message>
    <message>
        <source>“{name}” is empty (0 bytes).</source>
        <translation>“{name}”是空文件（0 字节）。</translation>
    </message>
    <message>
        <source>“{name}” is too large: {size} GB.</source>
        <translation>“{name}”过大：{size} GB。</translation>
    </message>
    <message>
        <source>A file may have {most} GB.</source>
        <translation>单个文件最大 {most} GB。</translation>
    </message>
    <message>
        <source>“{name}” has no pixels: {width_px} x {height_px}.</source>
        <translation>“{name}”没有像素：{width_px}×{height_px}。</translation>
    </message>
    <message>
        <source>“{name}” is too large: {width_px} x {height_px} pixels, {megapixels} megapixels.</source>
        <translation>“{name}”过大：{width_px}×{height_px} 像素，即 {megapixels} 百万像素。</translation>
    </message>
    <message>
        <source>Make it smaller; a picture of this kind may have {megapixels} megapixels.</source>
        <translation>请将其缩小；此类图片最大 {megapixels} 百万像素。</translation>
    </message>
    <message>
        <source>“{name}” is too long and thin: {width_px} x {height_px} pixels.</source>
        <translation>“{name}”过于狭长：{width_px}×{height_px} 像素。</translation>
    </message>
    <message>
        <source>Cut it into parts whose one side is at most {times} times the other.</source>
        <translation>请将其裁成长宽比不超过 {times} 倍的几部分。</translation>
    </message>
    <message>
        <source>“{name}” is damaged or cut off: it begins like a picture, but no more.</source>
        <translation>“{name}”已损坏或不完整：只有开头像图片。</translation>
    </message>
    <message>
        <source>“{name}” does not exist.</source>
        <translation>“{name}”不存在。</translation>
    </message>
    <message>
        <source>“{name}” may not be read.</source>
        <translation>没有读取“{name}”的权限。</translation>
    </message>
    <message>
        <source>“{name}” cannot be read: {reason}.</source>
        <translation>无法读取“{name}”：{reason}。</translation>
    </message>
    <message>
        <source>There is not enough memory to open “{name}”.</source>
        <translation>内存不足，无法打开“{name}”。</translation>
    </message>
    <message>
        <source>“{name}” has no frame that can be read.</source>
        <translation>“{name}”没有可以读取的帧。</translation>
    </message>
    <message>
        <source>Only {read} of its {said} frames can be read.</source>
        <translation>{said} 帧中只有 {read} 帧可以读取。</translation>
    </message>
    <message>
        <source>Add the video again.</source>
        <translation>请重新添加该视频。</translation>
    </message>
    <message>
        <source>Choose the videos inside it.</source>
        <translation>请选择其中的视频。</translation>
    </message>
    <message>
        <source>Save the video as a file first.</source>
        <translation>请先将视频保存为文件。</translation>
    </message>
    <message>
        <source>Close other programs.</source>
        <translation>请关闭其他程序。</translation>
    </message>
    <message>
        <source>Videos may be MP4, MOV, MKV, WebM or AVI files, or animated GIF, WebP or PNG.</source>
        <translation>视频可以是 MP4、MOV、MKV、WebM 或 AVI 文件，也可以是动态 GIF、WebP 或 PNG。</translation>
    </message>
    <message>
        <source>“{name}” is a folder, not a video.</source>
        <translation>“{name}”是文件夹，不是视频。</translation>
    </message>
    <message>
        <source>“{name}” is too large: its frames have {width_px} x {height_px} pixels.</source>
        <translation>“{name}”太大：每帧有 {width_px} x {height_px} 像素。</translation>
    </message>
    <message>
        <source>A frame may have {megapixels} megapixels.</source>
        <translation>每帧最多可有 {megapixels} 百万像素。</translation>
    </message>
    <message>
        <source>One side may be at most {times} times the other.</source>
        <translation>一边最多可为另一边的 {times} 倍。</translation>
    </message>
    <message>
        <source>“{name}” is damaged, cut off, or not a video.</source>
        <translation>“{name}”已损坏、不完整，或者不是视频。</translation>
    </message>
    <message>
        <source>Frames per second and a number of frames exclude each other.</source>
        <translation>每秒帧数与总帧数不能同时指定。</translation>
    </message>
    <message>
        <source>Give one of them.</source>
        <translation>请只指定其中一个。</translation>
    </message>
    <message>
        <source>Frames per second must be more than 0 and at most 1000.</source>
        <translation>每秒帧数必须大于 0，且不超过 1000。</translation>
    </message>
    <message>
        <source>The tokens for a video must be 1 or more.</source>
        <translation>视频的 token 数必须至少为 1。</translation>
    </message>
    <message>
        <source>The start of the range must not be before the video.</source>
        <translation>范围的起点不能早于视频开头。</translation>
    </message>
    <message>
        <source>The end of the range must come after its start.</source>
        <translation>范围的终点必须晚于起点。</translation>
    </message>
    <message>
        <source>Choose an earlier start.</source>
        <translation>请选择更早的起点。</translation>
    </message>
    <message>
        <source>Damaged frames: {count}. Their neighbours are taken instead.</source>
        <translation>已损坏的帧：{count}。已改用相邻的帧。</translation>
    </message>
    <message>
        <source>The number of frames must be {least} to {most}.</source>
        <translation>帧数必须在 {least} 到 {most} 之间。</translation>
    </message>
    <message>
        <source>The range starts at {start} s, but the video ends at {end} s.</source>
        <translation>范围从 {start} 秒开始，但视频在 {end} 秒结束。</translation>
    </message>
    <message>
        <source>The range ends after the video: its end is taken instead, {end} s.</source>
        <translation>范围的终点在视频结束之后：已改用视频的结尾，{end} 秒。</translation>
    </message>
    <message>
        <source>{count} frames would be too many: {most} are taken, further apart.</source>
        <translation>{count} 帧太多：改为取 {most} 帧，间隔更大。</translation>
    </message>
    <message>
        <source>The video has a single frame: it is asked about as a picture.</source>
        <translation>该视频只有一帧：将作为图片提问。</translation>
    </message>
    <message>
        <source>The range holds a single frame: it is asked about as a picture.</source>
        <translation>该范围内只有一帧：将作为图片提问。</translation>
    </message>
    <message>
        <source>“{name}” is cut off: the file ends before the picture does.</source>
        <translation>“{name}”不完整：图片尚未结束，文件就已结束。</translation>
    </message>
    <message>
        <source>a PDF document</source>
        <translation>PDF 文档</translation>
    </message>
    <message>
        <source>an SVG drawing</source>
        <translation>SVG 图形</translation>
    </message>
    <message>
        <source>a Photoshop document</source>
        <translation>Photoshop 文档</translation>
    </message>
    <message>
        <source>a JPEG XL picture</source>
        <translation>JPEG XL 图片</translation>
    </message>
    <message>
        <source>a JPEG 2000 picture</source>
        <translation>JPEG 2000 图片</translation>
    </message>
    <message>
        <source>a ZIP archive or an office document</source>
        <translation>ZIP 压缩包或办公文档</translation>
    </message>
    <message>
        <source>Correct the file, or remove it.</source>
        <translation>请更正该文件，或将其移除。</translation>
    </message>
    <message>
        <source>has one name twice</source>
        <translation>中有重复的名称</translation>
    </message>
    <message>
        <source>is neither true nor false</source>
        <translation>既不是 true 也不是 false</translation>
    </message>
    <message>
        <source>is not made of small letters, digits and underscores</source>
        <translation>不是由小写字母、数字和下划线组成</translation>
    </message>
    <message>
        <source>is empty</source>
        <translation>为空</translation>
    </message>
    <message>
        <source>Give it one of its own.</source>
        <translation>请给它一个不同的标识。</translation>
    </message>
    <message>
        <source>The preset {name}</source>
        <translation>预设“{name}”</translation>
    </message>
    <message>
        <source>and the blanks do not agree about “{wrong}”</source>
        <translation>与空白项在“{wrong}”上不一致</translation>
    </message>
    <message>
        <source>The preset {name} has the id “{preset_id}” of another.</source>
        <translation>预设 {name} 的标识“{preset_id}”已被另一个预设使用。</translation>
    </message>
    <message>
        <source>The preset {name} cannot be read.</source>
        <translation>无法读取预设 {name}。</translation>
    </message>
    <message>
        <source>The preset {name} is damaged: it is not TOML.</source>
        <translation>预设 {name} 已损坏：不是 TOML。</translation>
    </message>
    <message>
        <source>is none of {names}</source>
        <translation>不是以下任何一项：{names}</translation>
    </message>
    <message>
        <source>Write all 40 letters of a commit, or leave the revision out to take the newest.</source>
        <translation>请写出提交的全部 40 个字符，或不写版本以获取最新的。</translation>
    </message>
    <message>
        <source>Choose an Instruct or Thinking model.</source>
        <translation>请选择 Instruct 或 Thinking 模型。</translation>
    </message>
    <message>
        <source>The model {name} has no chat template.</source>
        <translation>模型 {name} 没有对话模板。</translation>
    </message>
    <message>
        <source>Lower the tokens per picture or video, show fewer of them, or begin a new conversation.</source>
        <translation>请减少每张图片或每个视频的 token 数、减少图片和视频，或开始新的对话。</translation>
    </message>
    <message>
        <source>Ask about pictures alone, or choose another model.</source>
        <translation>请只就图片提问，或选择其他模型。</translation>
    </message>
    <message>
        <source>The model {name} has no tokenizer.json.</source>
        <translation>模型 {name} 没有 tokenizer.json。</translation>
    </message>
    <message>
        <source>The chat template of {name} does not place pictures.</source>
        <translation>{name} 的对话模板没有放置图片的位置。</translation>
    </message>
    <message>
        <source>This conversation has {tokens} tokens; {name} can take {most}.</source>
        <translation>此对话有 {tokens} 个 token，而 {name} 最多可处理 {most} 个。</translation>
    </message>
    <message>
        <source>The chat template of {name} does not place videos.</source>
        <translation>{name} 的对话模板没有放置视频的位置。</translation>
    </message>
    <message>
        <source>The chat template of {name} cannot be read.</source>
        <translation>无法读取 {name} 的对话模板。</translation>
    </message>
    <message>
        <source>The tokenizer of {name} is damaged.</source>
        <translation>{name} 的分词器已损坏。</translation>
    </message>
    <message>
        <source>The chat template of {name} does not work.</source>
        <translation>{name} 的对话模板无法使用。</translation>
    </message>
    <message>
        <source>The history</source>
        <translation>提问记录</translation>
    </message>
    <message>
        <source>Earlier questions cannot be kept in {folder}.</source>
        <translation>无法将提问记录保存到 {folder}。</translation>
    </message>
    <message>
        <source>max tokens</source>
        <translation>最长回答</translation>
    </message>
    <message>
        <source>temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>top-p</source>
        <translation>top-p</translation>
    </message>
    <message>
        <source>top-k</source>
        <translation>top-k</translation>
    </message>
    <message>
        <source>min-p</source>
        <translation>min-p</translation>
    </message>
    <message>
        <source>repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>a very large number</source>
        <translation>一个极大的数</translation>
    </message>
    <message>
        <source>The {name} is {shown}.</source>
        <translation>“{name}”的值为 {shown}。</translation>
    </message>
    <message>
        <source>It must be from {low} to {high}.</source>
        <translation>取值范围为 {low} 到 {high}。</translation>
    </message>
    <message>
        <source>The file wants its frames turned by {degrees}° more: they are turned by quarters only.</source>
        <translation>该文件要求画面再旋转 {degrees}°：这里只按直角旋转。</translation>
    </message>
    <message>
        <source>The {name} backend takes weights as they are stored.</source>
        <translation>{name} 后端只能按存储的形式使用权重。</translation>
    </message>
    <message>
        <source>Take Qwen/{name} instead; it can be quantised while it is loaded.</source>
        <translation>请改用 Qwen/{name}；它可以在加载时量化。</translation>
    </message>
    <message>
        <source>Take the repository it was made from; it can be quantised while it is loaded.</source>
        <translation>请改用它所源自的仓库；它可以在加载时量化。</translation>
    </message>
    <message>
        <source>is neither “image” nor “video”</source>
        <translation>既不是“image”也不是“video”</translation>
    </message>
    <message>
        <source>Check the folder&apos;s permissions.</source>
        <translation>请检查该文件夹的权限。</translation>
    </message>
    <message>
        <source>The settings cannot be kept in {folder}.</source>
        <translation>设置无法保存到 {folder}。</translation>
    </message>
    <message>
        <source>Choose a copy that is not protected.</source>
        <translation>请选择未受保护的副本。</translation>
    </message>
    <message>
        <source>It may be sound alone; choose a video.</source>
        <translation>它可能只有声音；请选择视频。</translation>
    </message>
    <message>
        <source>Convert it to H.264 first.</source>
        <translation>请先将其转换为 H.264。</translation>
    </message>
    <message>
        <source>“{name}” is encrypted.</source>
        <translation>“{name}”已加密。</translation>
    </message>
    <message>
        <source>“{name}” is damaged: none of its frames can be decoded.</source>
        <translation>“{name}”已损坏：没有一帧可以解码。</translation>
    </message>
    <message>
        <source>“{name}” has no moving pictures in it.</source>
        <translation>“{name}”中没有活动画面。</translation>
    </message>
    <message>
        <source>“{name}” is coded in a way that cannot be read here.</source>
        <translation>“{name}”的编码方式在此无法读取。</translation>
    </message>
    <message>
        <source>The file says that it lasts {said} s, but only {read} s of it can be read.</source>
        <translation>文件自称时长为 {said} 秒，但只能读取其中的 {read} 秒。</translation>
    </message>
    <message>
        <source>The program is closing.</source>
        <translation>程序正在关闭。</translation>
    </message>
    <message>
        <source>This model&apos;s runtime cannot look at videos.</source>
        <translation>此模型的运行环境无法查看视频。</translation>
    </message>
    <message>
        <source>Ask about pictures of it instead.</source>
        <translation>请改为就其中的图片提问。</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>尚未加载模型。</translation>
    </message>
    <message>
        <source>Choose a model first.</source>
        <translation>请先选择模型。</translation>
    </message>
    <message>
        <source>Request {request_id} was already asked.</source>
        <translation>请求 {request_id} 已经提交过。</translation>
    </message>
    <message>
        <source>The model ended without an answer.</source>
        <translation>模型没有给出回答就结束了。</translation>
    </message>
    <message>
        <source>Ask again.</source>
        <translation>请重新提问。</translation>
    </message>
    <message>
        <source>Request {request_id} cannot begin: it is {state}.</source>
        <translation>请求 {request_id} 无法开始：其状态为 {state}。</translation>
    </message>
    <message>
        <source>The fake model does not load.</source>
        <translation>模拟模型无法加载。</translation>
    </message>
    <message>
        <source>Its script says so.</source>
        <translation>这是脚本规定的。</translation>
    </message>
    <message>
        <source>There was not enough memory for this answer.</source>
        <translation>内存不足，无法生成此回答。</translation>
    </message>
    <message>
        <source>Lower the tokens per picture or video, show fewer of them, or choose a smaller model.</source>
        <translation>请减少每张图片或每个视频的 token 数、减少图片和视频，或选择较小的模型。</translation>
    </message>
    <message>
        <source>Choose a bf16 checkpoint or an MLX conversion in 4 or 8 bits.</source>
        <translation>请选择 bf16 模型，或 4 位、8 位的 MLX 转换版本。</translation>
    </message>
    <message>
        <source>MLX does not start on this machine.</source>
        <translation>MLX 无法在这台电脑上启动。</translation>
    </message>
    <message>
        <source>The weights of {name} are of a kind that MLX cannot read as they are (F8_E8M0).</source>
        <translation>MLX 无法直接读取 {name} 的权重类型（F8_E8M0）。</translation>
    </message>
    <message>
        <source>The weights of {name} cannot be read.</source>
        <translation>无法读取 {name} 的权重。</translation>
    </message>
    <message>
        <source>Download it under “Models”, or with “viewfinder models download {name}”.</source>
        <translation>请在“模型”中下载，或用“viewfinder models download {name}”下载。</translation>
    </message>
    <message>
        <source>There are no pictures or videos in the folder “{name}”.</source>
        <translation>文件夹“{name}”中没有图片或视频。</translation>
    </message>
    <message>
        <source>The folder “{name}” has {count} pictures and videos; the first {limit} were added.</source>
        <translation>文件夹“{name}”中有 {count} 个图片和视频，已添加前 {limit} 个。</translation>
    </message>
    <message>
        <source>The file of words for long videos</source>
        <translation>长视频用语文件</translation>
    </message>
    <message>
        <source>Install the program again.</source>
        <translation>请重新安装本程序。</translation>
    </message>
    <message>
        <source>The program&apos;s words for long videos cannot be read.</source>
        <translation>无法读取本程序的长视频用语。</translation>
    </message>
    <message>
        <source>Choose the makers&apos; own checkpoint, or an MLX conversion in 4 or 8 bits.</source>
        <translation>请选择原厂模型，或 4 位、8 位的 MLX 转换版。</translation>
    </message>
    <message>
        <source>The weights are quantised in a way that no backend reads ({kind}).</source>
        <translation>权重的量化方式（{kind}）没有后端能够读取。</translation>
    </message>
    <message>
        <source>Download it again; what is there already is not fetched twice.</source>
        <translation>请重新下载；已有的部分不会再次下载。</translation>
    </message>
    <message>
        <source>The index {path} cannot be read.</source>
        <translation>无法读取索引 {path}。</translation>
    </message>
    <message>
        <source>The model’s file {name} is damaged.</source>
        <translation>模型的文件 {name} 已损坏。</translation>
    </message>
    <message>
        <source>The model in {folder} has no tokenizer.json.</source>
        <translation>{folder} 中的模型没有 tokenizer.json。</translation>
    </message>
    <message>
        <source>The model in {folder} has no chat template.</source>
        <translation>{folder} 中的模型没有对话模板。</translation>
    </message>
    <message>
        <source>The model in {folder} is not whole: {missing} of its {total} weight files are missing, as {name} is.</source>
        <translation>{folder} 中的模型不完整：{total} 个权重文件中缺少 {missing} 个，例如 {name}。</translation>
    </message>
    <message>
        <source>The weight file {name} is {size} bytes long, but should be {whole}.</source>
        <translation>权重文件 {name} 的长度是 {size} 字节，应为 {whole} 字节。</translation>
    </message>
    <message>
        <source>The folder {folder} cannot be read.</source>
        <translation>无法读取文件夹 {folder}。</translation>
    </message>
    <message>
        <source>Pictures may be JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF files, videos MP4, MOV, MKV, WebM or AVI files.</source>
        <translation>支持 JPEG、PNG、WebP、GIF、BMP、TIFF、HEIC 和 AVIF 图片，以及 MP4、MOV、MKV、WebM 和 AVI 视频。</translation>
    </message>
    <message>
        <source>“{name}” is not a picture or a video.</source>
        <translation>“{name}”不是图片或视频。</translation>
    </message>
    <message>
        <source>What is wanted of the video is more than the model can take.</source>
        <translation>对这段视频的要求超出了模型能接受的量。</translation>
    </message>
    <message>
        <source>Choose shorter parts, fewer frames a second, or fewer tokens for a video.</source>
        <translation>请把每段改短、减少每秒帧数，或减少视频的 token 数。</translation>
    </message>
    <message>
        <source>It is looked at in {count} parts, one after another.</source>
        <translation>它被分成 {count} 段，依次查看。</translation>
    </message>
    <message>
        <source>Choose a longer one.</source>
        <translation>请选择更长的。</translation>
    </message>
    <message>
        <source>Only one video at a time can be looked at in parts.</source>
        <translation>一次只能分段查看一个视频。</translation>
    </message>
    <message>
        <source>Ask about each video on its own.</source>
        <translation>请分别对每个视频提问。</translation>
    </message>
    <message>
        <source>A part of a video must be {least} seconds or longer.</source>
        <translation>视频的每一段至少要有 {least} 秒。</translation>
    </message>
    <message>
        <source>Choose longer parts or a shorter range.</source>
        <translation>请把每段改长，或缩短范围。</translation>
    </message>
    <message>
        <source>The video would be {count} parts; there may be {most}.</source>
        <translation>视频会被分成 {count} 段；最多只能有 {most} 段。</translation>
    </message>
    <message>
        <source>The file was still being written: what was there is read.</source>
        <translation>该文件仍在写入：已读取当时已有的内容。</translation>
    </message>
    <message>
        <source>Try again when it is written.</source>
        <translation>请在写入完成后重试。</translation>
    </message>
    <message>
        <source>“{name}” was changed while it was read.</source>
        <translation>读取时“{name}”被更改了。</translation>
    </message>
    <message>
        <source>Choose a model that is stored in 4 or 8 bits, or let the transformers backend quantise it.</source>
        <translation>请选择以 4 位或 8 位存储的模型，或由 transformers 后端量化。</translation>
    </message>
    <message>
        <source>The video has changed since its first parts were asked about.</source>
        <translation>视频在前几段被提问之后发生了变化。</translation>
    </message>
    <message>
        <source>Ask about it anew.</source>
        <translation>请重新提问。</translation>
    </message>
    <message>
        <source>“{name}” has changed since it was added: it is shown as it is now.</source>
        <translation>“{name}”在添加后已更改：现按当前内容查看。</translation>
    </message>
    <message>
        <source>The model {name} does not run here: {reason}</source>
        <translation>模型 {name} 无法在此运行：{reason}</translation>
    </message>
    <message>
        <source>Install one.</source>
        <translation>请安装一个后端。</translation>
    </message>
    <message>
        <source>Install it ({command}), or let the program choose (--backend auto).</source>
        <translation>请安装它（{command}），或让程序自行选择（--backend auto）。</translation>
    </message>
    <message>
        <source>No backend can run here ({system}, {processor}).</source>
        <translation>没有可在此运行的后端（{system}，{processor}）。</translation>
    </message>
    <message>
        <source>The backend {name} is not installed.</source>
        <translation>后端 {name} 没有安装。</translation>
    </message>
    <message>
        <source>There is no backend “{name}”.</source>
        <translation>没有名为“{name}”的后端。</translation>
    </message>
    <message>
        <source>Choose one of {names}.</source>
        <translation>请从以下各项中选择：{names}。</translation>
    </message>
    <message>
        <source>Update the NVIDIA driver, install a PyTorch made for it, or hide the GPU: CUDA_VISIBLE_DEVICES=</source>
        <translation>请更新 NVIDIA 驱动，或安装与之匹配的 PyTorch，或隐藏 GPU：CUDA_VISIBLE_DEVICES=</translation>
    </message>
    <message>
        <source>No released Qwen3-VL fits: close other programs, or take another machine.</source>
        <translation>已发布的 Qwen3-VL 都放不下：请关闭其他程序，或换一台机器。</translation>
    </message>
    <message>
        <source>This machine has an NVIDIA GPU, but its PyTorch is built without CUDA.</source>
        <translation>这台机器有 NVIDIA GPU，但所装的 PyTorch 不带 CUDA。</translation>
    </message>
    <message>
        <source>Install one with CUDA (pip install &apos;viewfinder[cuda]&apos;), or hide the GPU: CUDA_VISIBLE_DEVICES=</source>
        <translation>请安装带 CUDA 的版本（pip install &apos;viewfinder[cuda]&apos;），或隐藏 GPU：CUDA_VISIBLE_DEVICES=</translation>
    </message>
    <message>
        <source>This machine has an NVIDIA GPU, but its driver does not go with this PyTorch (CUDA {version}).</source>
        <translation>这台机器有 NVIDIA GPU，但其驱动与所装的 PyTorch（CUDA {version}）不匹配。</translation>
    </message>
    <message>
        <source>pip install &apos;viewfinder[cpu]&apos;</source>
        <translation>pip install &apos;viewfinder[cpu]&apos;</translation>
    </message>
    <message>
        <source>The model {name} needs about {needed} GB on the GPU; {free} GB are free.</source>
        <translation>模型 {name} 约需 {needed} GB 显存；空闲 {free} GB。</translation>
    </message>
    <message>
        <source>The model {name} needs about {needed} GB of memory; {free} GB are free.</source>
        <translation>模型 {name} 约需 {needed} GB 内存；空闲 {free} GB。</translation>
    </message>
    <message>
        <source>The transformers backend lacks a package.</source>
        <translation>transformers 后端缺少软件包。</translation>
    </message>
    <message>
        <source>pip install &apos;viewfinder[cuda]&apos;</source>
        <translation>pip install &apos;viewfinder[cuda]&apos;</translation>
    </message>
    <message>
        <source>The model {name} is in MLX&apos;s form, which the transformers backend cannot read.</source>
        <translation>模型 {name} 是 MLX 的形式，transformers 后端无法读取。</translation>
    </message>
    <message>
        <source>The model {name} is quantised ({kind}), which the transformers backend does not read.</source>
        <translation>模型 {name} 已量化（{kind}），transformers 后端无法读取。</translation>
    </message>
    <message>
        <source>{name} would fit, or close other programs.</source>
        <translation>{name} 放得下；也可以关闭其他程序。</translation>
    </message>
    <message>
        <source>{name} would fit in 4 bits (--quantize 4bit), or close other programs.</source>
        <translation>{name} 以 4 位（--quantize 4bit）放得下；也可以关闭其他程序。</translation>
    </message>
    <message>
        <source>The NVIDIA GPU does not work with this PyTorch.</source>
        <translation>NVIDIA GPU 无法与所装的 PyTorch 配合使用。</translation>
    </message>
    <message>
        <source>Quantising needs what is not installed.</source>
        <translation>量化所需的软件包未安装。</translation>
    </message>
    <message>
        <source>pip install bitsandbytes accelerate</source>
        <translation>pip install bitsandbytes accelerate</translation>
    </message>
    <message>
        <source>In {bits} bits it needs about {needed} GB: --quantize {bits}bit, or “Weights” in the settings.</source>
        <translation>以 {bits} 位约需 {needed} GB：--quantize {bits}bit，或设置中的“权重”。</translation>
    </message>
    <message>
        <source>The catalogue</source>
        <translation>模型目录</translation>
    </message>
    <message>
        <source>Install Viewfinder again.</source>
        <translation>请重新安装 Viewfinder。</translation>
    </message>
    <message>
        <source>{model}, {bits}-bit</source>
        <translation>{model}，{bits} 位</translation>
    </message>
    <message>
        <source>is no repository such as Qwen/Qwen3-VL-4B-Instruct</source>
        <translation>不是 Qwen/Qwen3-VL-4B-Instruct 这样的仓库</translation>
    </message>
    <message>
        <source>is not more than nothing</source>
        <translation>必须大于零</translation>
    </message>
    <message>
        <source>stands there twice</source>
        <translation>出现了两次</translation>
    </message>
    <message>
        <source>does not tell all figures of the architecture</source>
        <translation>没有给出架构的全部数据</translation>
    </message>
    <message>
        <source>The catalogue {name} cannot be read.</source>
        <translation>无法读取模型目录 {name}。</translation>
    </message>
    <message>
        <source>The catalogue {name} is damaged: it is not TOML.</source>
        <translation>模型目录 {name} 已损坏：它不是 TOML。</translation>
    </message>
    <message>
        <source>is no size of {family} that is known</source>
        <translation>不是 {family} 已知的规格</translation>
    </message>
    <message>
        <source>The catalogue {name}</source>
        <translation>模型目录 {name}</translation>
    </message>
    <message>
        <source>The model {name} is only downloaded in part.</source>
        <translation>模型 {name} 只下载了一部分。</translation>
    </message>
    <message>
        <source>Go on under “Models”, or with “viewfinder models download {name}”.</source>
        <translation>请在“模型”中继续，或用“viewfinder models download {name}”继续。</translation>
    </message>
    <message>
        <source>The model in {folder} is a “{kind}”, not a Qwen3-VL or Qwen3.5 with a vision tower.</source>
        <translation>{folder} 中的模型是“{kind}”，而不是带视觉编码器的 Qwen3-VL 或 Qwen3.5。</translation>
    </message>
    <message>
        <source>This is not the address of a mirror.</source>
        <translation>这不是镜像的地址。</translation>
    </message>
    <message>
        <source>Write it as https://hf-mirror.com.</source>
        <translation>请写成 https://hf-mirror.com 这样。</translation>
    </message>
    <message>
        <source>A name and a password do not belong in the mirror&apos;s address.</source>
        <translation>镜像地址中不应包含用户名和密码。</translation>
    </message>
    <message>
        <source>Keep a token for it further down.</source>
        <translation>请在下方为它保存令牌。</translation>
    </message>
    <message>
        <source>The mirror&apos;s address has “?” or “#” in it.</source>
        <translation>镜像地址中有“?”或“#”。</translation>
    </message>
    <message>
        <source>This is not the address of a proxy.</source>
        <translation>这不是代理的地址。</translation>
    </message>
    <message>
        <source>Write it as http://host:port, or socks5://host:port.</source>
        <translation>请写成 http://host:port 或 socks5://host:port。</translation>
    </message>
    <message>
        <source>Choose it again.</source>
        <translation>请重新选择。</translation>
    </message>
    <message>
        <source>It says it was made for {base}. Choose that model, another adapter, or take it off.</source>
        <translation>它自称是为 {base} 制作的。请选择那个模型、换一个适配器，或将其移除。</translation>
    </message>
    <message>
        <source>Choose another adapter, or take it off.</source>
        <translation>请选择其他适配器，或将其移除。</translation>
    </message>
    <message>
        <source>The adapter “{name}” has changed since it was chosen.</source>
        <translation>适配器“{name}”在选择之后发生了变化。</translation>
    </message>
    <message>
        <source>The adapter “{name}” does not fit this model, which has no layer {layer} that it could change.</source>
        <translation>适配器“{name}”不适合此模型：模型中没有它要改变的层 {layer}。</translation>
    </message>
    <message>
        <source>The adapter “{name}” is for a model of another size: {layer} is {ours} here, and {theirs} in it.</source>
        <translation>适配器“{name}”用于另一种大小的模型：{layer} 在此处是 {ours}，在适配器中是 {theirs}。</translation>
    </message>
    <message>
        <source>Download or save it again.</source>
        <translation>请重新下载或重新保存。</translation>
    </message>
    <message>
        <source>Choose the folder of a LoRA, as PEFT or mlx-vlm writes it.</source>
        <translation>请选择由 PEFT 或 mlx-vlm 写出的 LoRA 文件夹。</translation>
    </message>
    <message>
        <source>Merge it into its model with PEFT and use that model, or choose another adapter.</source>
        <translation>请用 PEFT 将其合并到模型中并使用该模型，或选择其他适配器。</translation>
    </message>
    <message>
        <source>The adapter “{name}” has no weights: {file} is missing.</source>
        <translation>适配器“{name}”没有权重：缺少 {file}。</translation>
    </message>
    <message>
        <source>The adapter “{name}” is damaged.</source>
        <translation>适配器“{name}”已损坏。</translation>
    </message>
    <message>
        <source>The folder {folder} holds no adapter: it has no adapter_config.json.</source>
        <translation>文件夹 {folder} 中没有适配器：缺少 adapter_config.json。</translation>
    </message>
    <message>
        <source>The folder {folder} holds a whole model’s training, not an adapter.</source>
        <translation>文件夹 {folder} 中是整个模型的训练结果，而不是适配器。</translation>
    </message>
    <message>
        <source>The adapter “{name}” is of the kind {kind}, not a LoRA.</source>
        <translation>适配器“{name}”的类型是 {kind}，不是 LoRA。</translation>
    </message>
    <message>
        <source>The adapter “{name}” changes more than a plain LoRA does ({what}).</source>
        <translation>适配器“{name}”改变的内容超出了普通 LoRA（{what}）。</translation>
    </message>
    <message>
        <source>The adapter “{name}” has its weights in a form that may hold program code.</source>
        <translation>适配器“{name}”的权重格式可能包含程序代码。</translation>
    </message>
    <message>
        <source>Viewfinder reads .safetensors alone: save it again as {file}.</source>
        <translation>Viewfinder 只读取 .safetensors：请重新保存为 {file}。</translation>
    </message>
    <message>
        <source>There is no adapter folder {folder}.</source>
        <translation>没有适配器文件夹 {folder}。</translation>
    </message>
    <message>
        <source>Check the disk, then go on: what came so far is kept.</source>
        <translation>请检查磁盘，然后继续：已下载的部分会保留。</translation>
    </message>
    <message>
        <source>{model} could not be written to {folder}: {reason}.</source>
        <translation>无法将 {model} 写入 {folder}：{reason}。</translation>
    </message>
    <message>
        <source>{model} needs {needed} GB of room on the disk; {free} GB are free.</source>
        <translation>{model} 需要 {needed} GB 磁盘空间，可用空间为 {free} GB。</translation>
    </message>
    <message>
        <source>The disk became full while {model} was downloaded.</source>
        <translation>下载 {model} 时磁盘已满。</translation>
    </message>
    <message>
        <source>The folder {folder} may not be written, so nothing can be downloaded into it.</source>
        <translation>文件夹 {folder} 不可写入，因此无法下载到其中。</translation>
    </message>
    <message>
        <source>The disk of {folder} cannot hold files as large as those of {model}.</source>
        <translation>{folder} 所在的磁盘无法存放 {model} 这么大的文件。</translation>
    </message>
    <message>
        <source>The list of downloads cannot be kept in {folder}.</source>
        <translation>无法将下载列表保存到 {folder}。</translation>
    </message>
    <message>
        <source>The list of downloads</source>
        <translation>下载列表</translation>
    </message>
    <message>
        <source>Choose another model.</source>
        <translation>请选择其他模型。</translation>
    </message>
    <message>
        <source>The repository {model} has names that cannot be used.</source>
        <translation>仓库 {model} 中有无法使用的名称。</translation>
    </message>
    <message>
        <source>What was downloaded of {model} cannot be deleted.</source>
        <translation>无法删除 {model} 已下载的部分。</translation>
    </message>
    <message>
        <source>Look into the folder {folder}.</source>
        <translation>请查看文件夹 {folder}。</translation>
    </message>
    <message>
        <source>Try again later, or choose another mirror in the settings under “Downloads”.</source>
        <translation>请稍后重试，或在设置的“下载”中选择其他镜像。</translation>
    </message>
    <message>
        <source>Check the mirror&apos;s address in the settings under “Downloads”; a network that wants a sign-in answers so too.</source>
        <translation>请在设置的“下载”中检查镜像的地址；需要登录的网络也会这样应答。</translation>
    </message>
    <message>
        <source>The file {file} of {model} came damaged twice, so it was not kept.</source>
        <translation>{model} 的文件 {file} 两次下载都已损坏，因此未保留。</translation>
    </message>
    <message>
        <source>Instead of the file {file} of {model} something else was sent.</source>
        <translation>收到的不是 {model} 的文件 {file}，而是其他内容。</translation>
    </message>
    <message>
        <source>The model&apos;s files do not tell how large it is.</source>
        <translation>模型的文件没有说明它有多大。</translation>
    </message>
    <message>
        <source>{host} has closed the repository {name}.</source>
        <translation>{host} 已关闭仓库 {name}。</translation>
    </message>
    <message>
        <source>The file {path} of {name} is damaged.</source>
        <translation>{name} 的文件 {path} 已损坏。</translation>
    </message>
    <message>
        <source>Write it as https://host in the settings under “Downloads”.</source>
        <translation>请在设置的“下载”中写成 https://主机 这样。</translation>
    </message>
    <message>
        <source>Viewfinder is offline, so nothing is asked of the Hub.</source>
        <translation>Viewfinder 处于离线状态，不会向 Hub 发出请求。</translation>
    </message>
    <message>
        <source>Untick “Work offline” in the settings under “Downloads”, and unset HF_HUB_OFFLINE where it is set.</source>
        <translation>请在设置的“下载”中取消“离线工作”；如果设置了 HF_HUB_OFFLINE，请一并取消。</translation>
    </message>
    <message>
        <source>The certificates of this system cannot be read.</source>
        <translation>无法读取本系统的证书。</translation>
    </message>
    <message>
        <source>Check the files that SSL_CERT_FILE and SSL_CERT_DIR name.</source>
        <translation>请检查 SSL_CERT_FILE 和 SSL_CERT_DIR 指向的文件。</translation>
    </message>
    <message>
        <source>The address of the proxy cannot be used.</source>
        <translation>代理的地址无法使用。</translation>
    </message>
    <message>
        <source>Write it as http://host:port in the settings under “Downloads”.</source>
        <translation>请在设置的“下载”中写成 http://host:port 这样。</translation>
    </message>
    <message>
        <source>The address of the proxy in this system&apos;s variables cannot be used.</source>
        <translation>本系统环境变量中的代理地址无法使用。</translation>
    </message>
    <message>
        <source>Give one as http://host:port in the settings under “Downloads”, or correct HTTPS_PROXY and ALL_PROXY.</source>
        <translation>请在设置的“下载”中填写 http://host:port，或更正 HTTPS_PROXY 和 ALL_PROXY。</translation>
    </message>
    <message>
        <source>The address {address} cannot be used.</source>
        <translation>地址 {address} 无法使用。</translation>
    </message>
    <message>
        <source>This system has no keychain that Viewfinder can use, so the token was not kept.</source>
        <translation>本系统没有 Viewfinder 可用的钥匙串，因此未保存令牌。</translation>
    </message>
    <message>
        <source>Sign in with “hf auth login”, or set HF_TOKEN: Viewfinder reads the token there.</source>
        <translation>请用“hf auth login”登录，或设置 HF_TOKEN：Viewfinder 会从那里读取令牌。</translation>
    </message>
    <message>
        <source>The system&apos;s keychain stays shut.</source>
        <translation>系统的钥匙串没有打开。</translation>
    </message>
    <message>
        <source>Unlock it, allow Viewfinder to use it, then try again.</source>
        <translation>请解锁并允许 Viewfinder 使用它，然后重试。</translation>
    </message>
    <message>
        <source>This cannot be a token.</source>
        <translation>这不可能是令牌。</translation>
    </message>
    <message>
        <source>Copy it whole from the page where it was made: it has no spaces.</source>
        <translation>请从创建令牌的页面完整复制：其中没有空格。</translation>
    </message>
    <message>
        <source>The model {name} needs about {need} GB of memory, and this machine can give it {usable} GB.</source>
        <translation>模型 {name} 约需 {need} GB 内存，而这台机器只能给它 {usable} GB。</translation>
    </message>
    <message>
        <source>Choose a smaller model, or add --load-anyway: the machine may become very slow, or end the program.</source>
        <translation>请选择较小的模型，或加上 --load-anyway：机器可能变得很慢，或结束本程序。</translation>
    </message>
    <message>
        <source>{fitting} would fit. Choose it, or add --load-anyway: the machine may become very slow, or end the program.</source>
        <translation>{fitting} 合适。请选择它，或加上 --load-anyway：机器可能变得很慢，或结束本程序。</translation>
    </message>
    <message>
        <source>The model&apos;s configuration does not tell how large it is.</source>
        <translation>模型的配置没有说明它有多大。</translation>
    </message>
    <message>
        <source>Choose a Qwen3-VL checkpoint.</source>
        <translation>请选择 Qwen3-VL 模型。</translation>
    </message>
    <message>
        <source>A file of {name} is missing on {host}.</source>
        <translation>{host} 上缺少 {name} 的一个文件。</translation>
    </message>
    <message>
        <source>Try again; if that does not help, choose another model.</source>
        <translation>请重试；如果仍然不行，请选择其他模型。</translation>
    </message>
    <message>
        <source>{host} does not let you at {name}.</source>
        <translation>{host} 不允许你访问 {name}。</translation>
    </message>
    <message>
        <source>Keep a token that may read it in the settings under “Downloads”.</source>
        <translation>请在设置的“下载”中保存有权读取它的令牌。</translation>
    </message>
    <message>
        <source>The makers of {name} want to be asked before it is downloaded.</source>
        <translation>下载 {name} 之前需要先向其作者申请。</translation>
    </message>
    <message>
        <source>Check the proxy&apos;s address in the settings under “Downloads”, or ask whoever runs it.</source>
        <translation>请在设置的“下载”中检查代理的地址，或询问代理的管理者。</translation>
    </message>
    <message>
        <source>Check this machine&apos;s date and time; in a company&apos;s network, its certificate must be known to the system or named by SSL_CERT_FILE.</source>
        <translation>请检查本机的日期和时间；在公司网络中，系统须信任公司的证书，或由 SSL_CERT_FILE 指明。</translation>
    </message>
    <message>
        <source>Check that it runs, and its address in the settings under “Downloads”.</source>
        <translation>请确认代理正在运行，并在设置的“下载”中检查它的地址。</translation>
    </message>
    <message>
        <source>Check how its name is spelled; if it is private, keep a token that may read it in the settings under “Downloads”.</source>
        <translation>请检查名称的拼写；如果它是私有的，请在设置的“下载”中保存有权读取它的令牌。</translation>
    </message>
    <message>
        <source>Try again in {minutes} minutes.</source>
        <translation>请在 {minutes} 分钟后重试。</translation>
    </message>
    <message>
        <source>The connection to {host} broke off.</source>
        <translation>与 {host} 的连接中断了。</translation>
    </message>
    <message>
        <source>Check your connection, then try again; a mirror can be chosen in the settings under “Downloads”.</source>
        <translation>请检查网络连接，然后重试；可以在设置的“下载”中选择镜像。</translation>
    </message>
    <message>
        <source>Write them into its address in the settings under “Downloads”: http://name:password@host:port.</source>
        <translation>请在设置的“下载”中把它们写进代理地址：http://name:password@host:port。</translation>
    </message>
    <message>
        <source>Check the mirror&apos;s address in the settings under “Downloads”.</source>
        <translation>请在设置的“下载”中检查镜像的地址。</translation>
    </message>
    <message>
        <source>{host} was asked too often and wants a pause.</source>
        <translation>对 {host} 的请求过于频繁，需要暂停一会儿。</translation>
    </message>
    <message>
        <source>{host} has a fault of its own (error {status}).</source>
        <translation>{host} 自身出现故障（错误 {status}）。</translation>
    </message>
    <message>
        <source>Try again in a few minutes.</source>
        <translation>请过几分钟再试。</translation>
    </message>
    <message>
        <source>Keep a good one in the settings under “Downloads”, or forget it there; HF_TOKEN and “hf auth login” count too.</source>
        <translation>请在设置的“下载”中保存有效的令牌，或在那里忘记它；HF_TOKEN 和“hf auth login”的令牌也会被使用。</translation>
    </message>
    <message>
        <source>{name} has no such revision on {host}.</source>
        <translation>{name} 在 {host} 上没有这个版本。</translation>
    </message>
    <message>
        <source>Check that your token may read it.</source>
        <translation>请确认你的令牌有权读取它。</translation>
    </message>
    <message>
        <source>Ask for access at {page} with the account of your token, then try again.</source>
        <translation>请用令牌所属的账号在 {page} 申请访问权限，然后重试。</translation>
    </message>
    <message>
        <source>Ask for access at {page}, then keep your token in the settings under “Downloads”.</source>
        <translation>请在 {page} 申请访问权限，然后在设置的“下载”中保存令牌。</translation>
    </message>
    <message>
        <source>{address} does not answer as the Hub does.</source>
        <translation>{address} 的应答不像是 Hub。</translation>
    </message>
    <message>
        <source>Check how its name is spelled, and what your token may read.</source>
        <translation>请检查名称的拼写，以及你的令牌有权读取什么。</translation>
    </message>
    <message>
        <source>There is no public repository {name} on {host}.</source>
        <translation>{host} 上没有公开的仓库 {name}。</translation>
    </message>
    <message>
        <source>Try again in {seconds} seconds.</source>
        <translation>请在 {seconds} 秒后重试。</translation>
    </message>
    <message>
        <source>The proxy {proxy} lets nothing through to {host}.</source>
        <translation>代理 {proxy} 不放行到 {host} 的请求。</translation>
    </message>
    <message>
        <source>Check your connection, and the mirror&apos;s address in the settings under “Downloads”.</source>
        <translation>请检查网络连接，以及设置的“下载”中镜像的地址。</translation>
    </message>
    <message>
        <source>The proxy {proxy} wants a name and a password.</source>
        <translation>代理 {proxy} 需要用户名和密码。</translation>
    </message>
    <message>
        <source>{host} refused what it was asked (error {status}).</source>
        <translation>{host} 拒绝了请求（错误 {status}）。</translation>
    </message>
    <message>
        <source>Connect its disk, or choose another folder in the settings under “Where models are kept”.</source>
        <translation>请连接该文件夹所在的磁盘，或在设置的“模型的存放位置”中选择其他文件夹。</translation>
    </message>
    <message>
        <source>The model {name} is not found, as the folder where models are kept is missing.</source>
        <translation>找不到模型 {name}，因为存放模型的文件夹不存在。</translation>
    </message>
    <message>
        <source>Free some room, then go on: what came so far is kept. Or choose another folder in the settings under “Where models are kept”; it begins anew there.</source>
        <translation>请腾出一些空间后继续：已下载的部分会保留。也可以在设置的“模型的存放位置”中选择其他文件夹，在那里会重新开始下载。</translation>
    </message>
    <message>
        <source>Give yourself permission to write there, or choose another folder in the settings under “Where models are kept”.</source>
        <translation>请为自己授予该文件夹的写入权限，或在设置的“模型的存放位置”中选择其他文件夹。</translation>
    </message>
    <message>
        <source>Choose a folder on another disk in the settings under “Where models are kept”.</source>
        <translation>请在设置的“模型的存放位置”中选择其他磁盘上的文件夹。</translation>
    </message>
    <message>
        <source>Go on: what is still there is used.</source>
        <translation>请继续下载：仍在的部分会继续使用。</translation>
    </message>
    <message>
        <source>Free some room, or choose another folder in the settings under “Where models are kept”; now it is {folder}.</source>
        <translation>请腾出一些空间，或在设置的“模型的存放位置”中选择其他文件夹；目前是 {folder}。</translation>
    </message>
    <message>
        <source>Files of {model} were taken away while it was downloaded.</source>
        <translation>{model} 的文件在下载期间被移走了。</translation>
    </message>
    <message>
        <source>Correct HF_ENDPOINT, or write one as https://host in the settings under “Downloads”.</source>
        <translation>请更正 HF_ENDPOINT，或在设置的“下载”中以 https://host 的形式填写地址。</translation>
    </message>
    <message>
        <source>Choose a folder.</source>
        <translation>请选择一个文件夹。</translation>
    </message>
    <message>
        <source>Give yourself permission to write there, or choose another folder.</source>
        <translation>请为自己授予该文件夹的写入权限，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>The folder where models are kept is missing: {folder}.</source>
        <translation>存放模型的文件夹不存在：{folder}。</translation>
    </message>
    <message>
        <source>Choose the folder, or write its path from the beginning.</source>
        <translation>请选择文件夹，或从头写出完整路径。</translation>
    </message>
    <message>
        <source>{folder} is not a folder.</source>
        <translation>{folder} 不是文件夹。</translation>
    </message>
    <message>
        <source>{folder} is not the whole path of a folder.</source>
        <translation>{folder} 不是文件夹的完整路径。</translation>
    </message>
    <message>
        <source>{host} does not take the token: it is wrong, or its time is over.</source>
        <translation>{host} 不接受该令牌：令牌有误或已过期。</translation>
    </message>
    <message>
        <source>There is no repository {name} on {host}, or your token may not see it.</source>
        <translation>{host} 上没有仓库 {name}，或者你的令牌无权查看。</translation>
    </message>
    <message>
        <source>The connection to {host} is not safe: its certificate is not trusted here.</source>
        <translation>与 {host} 的连接不安全：本机不信任它的证书。</translation>
    </message>
    <message>
        <source>A proxy on the way wants a name and a password.</source>
        <translation>途中的代理需要用户名和密码。</translation>
    </message>
    <message>
        <source>{host} does not speak https as it should.</source>
        <translation>{host} 没有正确使用 https。</translation>
    </message>
    <message>
        <source>The proxy {proxy} cannot be reached.</source>
        <translation>无法连接代理 {proxy}。</translation>
    </message>
    <message>
        <source>The address of {host} cannot be found.</source>
        <translation>找不到 {host} 的地址。</translation>
    </message>
    <message>
        <source>{host} does not answer.</source>
        <translation>{host} 没有应答。</translation>
    </message>
    <message>
        <source>{host} cannot be reached.</source>
        <translation>无法连接 {host}。</translation>
    </message>
    <message>
        <source>The folder {folder} is deleted for good, with all its files.</source>
        <translation>文件夹 {folder} 及其中所有文件将永久删除。</translation>
    </message>
    <message>
        <source>Check its permissions, and that no other program uses it.</source>
        <translation>请检查它的权限，并确认没有别的程序在使用它。</translation>
    </message>
    <message>
        <source>{name} is deleted from the Hugging Face cache, for other programs too; it can be downloaded again.</source>
        <translation>将从 Hugging Face 缓存中删除 {name}，其他程序也不能再用；之后可以重新下载。</translation>
    </message>
    <message>
        <source>Only the link {folder} is deleted; the files it leads to stay.</source>
        <translation>只删除链接 {folder}，它指向的文件会保留。</translation>
    </message>
    <message>
        <source>The folder {folder} is moved to the trash, with all its files.</source>
        <translation>文件夹 {folder} 及其中所有文件将移到废纸篓。</translation>
    </message>
    <message>
        <source>LM Studio’s folder {folder} is deleted for good, with all its files.</source>
        <translation>LM Studio 的文件夹 {folder} 及其中所有文件将永久删除。</translation>
    </message>
    <message>
        <source>The demo model is a part of the program.</source>
        <translation>演示模型是程序的一部分。</translation>
    </message>
    <message>
        <source>It takes very little room.</source>
        <translation>它只占很小的空间。</translation>
    </message>
    <message>
        <source>Choose another model first, then remove it.</source>
        <translation>请先选择别的模型，再移除它。</translation>
    </message>
    <message>
        <source>The folder {folder} cannot be deleted.</source>
        <translation>无法删除文件夹 {folder}。</translation>
    </message>
    <message>
        <source>Move that elsewhere, or delete the folder yourself in the file manager.</source>
        <translation>请把它移到别处，或在文件管理器中自行删除该文件夹。</translation>
    </message>
    <message>
        <source>The model {name} is in use.</source>
        <translation>模型 {name} 正在使用中。</translation>
    </message>
    <message>
        <source>The folder {folder} also holds what is no part of the model: {name}.</source>
        <translation>文件夹 {folder} 中还有不属于模型的内容：{name}。</translation>
    </message>
    <message>
        <source>Delete it yourself in the file manager.</source>
        <translation>请在文件管理器中自行删除。</translation>
    </message>
    <message>
        <source>The folder {folder} cannot be moved to the trash.</source>
        <translation>无法把文件夹 {folder} 移到废纸篓。</translation>
    </message>
    <message>
        <source>Write maker and model, such as Qwen/Qwen3-VL-4B-Instruct.</source>
        <translation>请写出作者和模型，例如 Qwen/Qwen3-VL-4B-Instruct。</translation>
    </message>
    <message>
        <source>“{name}” is not the name of a repository on {host}.</source>
        <translation>“{name}”不是 {host} 上的仓库名称。</translation>
    </message>
    <message>
        <source>Take Qwen/{name} instead, or mlx-community/{name}-4bit for Apple silicon.</source>
        <translation>请改用 Qwen/{name}，Apple 芯片可用 mlx-community/{name}-4bit。</translation>
    </message>
    <message>
        <source>Download the model it was made for first.</source>
        <translation>请先下载它所针对的模型。</translation>
    </message>
    <message>
        <source>{name} has no config.json, so it is no model.</source>
        <translation>{name} 没有 config.json，因此不是模型。</translation>
    </message>
    <message>
        <source>Viewfinder never does that; choose a model of weights alone.</source>
        <translation>Viewfinder 从不这样做；请选择只含权重的模型。</translation>
    </message>
    <message>
        <source>Choose a Qwen3-VL model.</source>
        <translation>请选择 Qwen3-VL 模型。</translation>
    </message>
    <message>
        <source>The model {name} is in a form that MLX cannot read.</source>
        <translation>模型 {name} 的格式 MLX 无法读取。</translation>
    </message>
    <message>
        <source>{name} has no weights as safetensors.</source>
        <translation>{name} 没有 safetensors 格式的权重。</translation>
    </message>
    <message>
        <source>Choose one of the models in the list, or the repository that it was made from.</source>
        <translation>请从列表中选择模型，或选择它的来源仓库。</translation>
    </message>
    <message>
        <source>Take mlx-community/{name}-4bit instead.</source>
        <translation>请改用 mlx-community/{name}-4bit。</translation>
    </message>
    <message>
        <source>{name} holds GGUF files, which neither backend reads.</source>
        <translation>{name} 中是 GGUF 文件，两个后端都无法读取。</translation>
    </message>
    <message>
        <source>{name} is an adapter that lies on top of a model, not a model.</source>
        <translation>{name} 是叠加在模型之上的适配器，不是模型。</translation>
    </message>
    <message>
        <source>{name} wants to run its own program code.</source>
        <translation>{name} 要求运行它自带的程序代码。</translation>
    </message>
    <message>
        <source>{name} (“{kind}”) has no vision tower, so it cannot see pictures.</source>
        <translation>{name}（“{kind}”）没有视觉塔，因此看不到图片。</translation>
    </message>
    <message>
        <source>{name} is a “{kind}”, which Viewfinder cannot run.</source>
        <translation>{name} 是“{kind}”，Viewfinder 无法运行。</translation>
    </message>
    <message>
        <source>{name} is not whole: it has no {file}.</source>
        <translation>{name} 不完整：缺少 {file}。</translation>
    </message>
    <message>
        <source>{name} is not whole: {missing} of its {total} weight files are missing there.</source>
        <translation>{name} 不完整：{total} 个权重文件中缺少 {missing} 个。</translation>
    </message>
    <message>
        <source>The model {name} is of a newer family, which runs on MLX alone.</source>
        <translation>模型 {name} 属于较新的系列，只能在 MLX 上运行。</translation>
    </message>
    <message>
        <source>{name} has its weights only in files that may hold program code.</source>
        <translation>{name} 的权重只在可能含有程序代码的文件中。</translation>
    </message>
    <message>
        <source>Choose another one, or download it again.</source>
        <translation>请选择其他模型，或重新下载。</translation>
    </message>
    <message>
        <source>The model {name} is no longer on this machine.</source>
        <translation>模型 {name} 已不在这台电脑上。</translation>
    </message>
    <message>
        <source>Move it somewhere else, then try again.</source>
        <translation>请将其移到别处，然后重试。</translation>
    </message>
    <message>
        <source>“{name}” in {folder} was not made by Viewfinder.</source>
        <translation>{folder} 中的“{name}”不是由 Viewfinder 创建的。</translation>
    </message>
    <message>
        <source>The Quick Action cannot be put into {folder}.</source>
        <translation>快速操作无法放入 {folder}。</translation>
    </message>
    <message>
        <source>The Quick Action cannot be taken out of {folder}.</source>
        <translation>无法从 {folder} 中移除快速操作。</translation>
    </message>
    <message>
        <source>Another revision of this model is being downloaded; cancel that first.</source>
        <translation>正在下载此模型的另一个版本；请先取消它。</translation>
    </message>
    <message>
        <source>Take the adapter off.</source>
        <translation>请移除适配器。</translation>
    </message>
    <message>
        <source>The {name} backend cannot put an adapter on a model.</source>
        <translation>后端 {name} 无法为模型加上适配器。</translation>
    </message>
    <message>
        <source>Run “viewfinder --selftest” to see why.</source>
        <translation>请运行“viewfinder --selftest”查看原因。</translation>
    </message>
    <message>
        <source>Let the program choose (--backend auto).</source>
        <translation>请让程序自行选择（--backend auto）。</translation>
    </message>
    <message>
        <source>MLX is missing in this app.</source>
        <translation>此应用中缺少 MLX。</translation>
    </message>
    <message>
        <source>The backend {name} is not part of this app, which carries MLX alone.</source>
        <translation>此应用只带有 MLX，不含后端 {name}。</translation>
    </message>
    <message>
        <source>A mixture of experts cannot be quantised while it is loaded.</source>
        <translation>混合专家模型无法在加载时量化。</translation>
    </message>
    <message>
        <source>Load the weights as they are, or choose a dense model.</source>
        <translation>请按原样加载权重，或选择稠密模型。</translation>
    </message>
    <message>
        <source>The installed PyTorch or transformers is not whole, or too old for Qwen3-VL.</source>
        <translation>已安装的 PyTorch 或 transformers 不完整，或者对 Qwen3-VL 来说版本过旧。</translation>
    </message>
    <message>
        <source>Install them again: pip install --upgrade --force-reinstall torch transformers</source>
        <translation>请重新安装：pip install --upgrade --force-reinstall torch transformers</translation>
    </message>
    <message>
        <source>PyTorch does not start on this machine.</source>
        <translation>PyTorch 无法在这台机器上启动。</translation>
    </message>
    <message>
        <source>Install it again: pip install --force-reinstall torch transformers</source>
        <translation>请重新安装：pip install --force-reinstall torch transformers</translation>
    </message>
    <message>
        <source>There was not enough memory for this model.</source>
        <translation>内存不足以容纳这个模型。</translation>
    </message>
    <message>
        <source>Choose a smaller model, or quantise it to 8 or 4 bits.</source>
        <translation>请选择更小的模型，或量化为 8 位或 4 位。</translation>
    </message>
    <message>
        <source>This JSON is not a Viewfinder result.</source>
        <translation>此 JSON 不是 Viewfinder 的结果。</translation>
    </message>
    <message>
        <source>This result</source>
        <translation>此结果</translation>
    </message>
    <message>
        <source>Ask the question again and save it anew.</source>
        <translation>请重新提问并另行保存。</translation>
    </message>
    <message>
        <source>holds no question</source>
        <translation>中没有问题</translation>
    </message>
    <message>
        <source>is not a SHA-256 digest in hex</source>
        <translation>不是十六进制的 SHA-256 摘要</translation>
    </message>
    <message>
        <source>is not an even number of times</source>
        <translation>不是偶数个时间</translation>
    </message>
    <message>
        <source>Choose a result that Viewfinder saved as JSON.</source>
        <translation>请选择 Viewfinder 保存的 JSON 结果。</translation>
    </message>
    <message>
        <source>Choose another file.</source>
        <translation>请选择其他文件。</translation>
    </message>
    <message>
        <source>Choose another.</source>
        <translation>请选择其他文件。</translation>
    </message>
    <message>
        <source>Check its permissions and its disk.</source>
        <translation>请检查其权限和所在磁盘。</translation>
    </message>
    <message>
        <source>This is not a Viewfinder result: it is not whole JSON.</source>
        <translation>这不是 Viewfinder 的结果：JSON 不完整。</translation>
    </message>
    <message>
        <source>Update Viewfinder to read it.</source>
        <translation>请更新 Viewfinder 后再读取。</translation>
    </message>
    <message>
        <source>Its “format” must be “{form}”.</source>
        <translation>其“format”必须为“{form}”。</translation>
    </message>
    <message>
        <source>“{name}” is not a file.</source>
        <translation>“{name}”不是文件。</translation>
    </message>
    <message>
        <source>“{name}” is too large to be a Viewfinder result.</source>
        <translation>“{name}”过大，不可能是 Viewfinder 的结果。</translation>
    </message>
    <message>
        <source>“{name}” is not a Viewfinder result: it is not text.</source>
        <translation>“{name}”不是 Viewfinder 的结果：它不是文本。</translation>
    </message>
    <message>
        <source>“{name}” cannot be read.</source>
        <translation>无法读取“{name}”。</translation>
    </message>
    <message>
        <source>This result has a newer form, {form}.</source>
        <translation>此结果采用较新的格式 {form}。</translation>
    </message>
    <message>
        <source>Save without copying the pictures.</source>
        <translation>请在不复制图片的情况下保存。</translation>
    </message>
    <message>
        <source>The folder “{name}” for the pictures cannot be used.</source>
        <translation>无法使用存放图片的文件夹“{name}”。</translation>
    </message>
    <message>
        <source>Save to another folder, or without copying the pictures.</source>
        <translation>请保存到其他文件夹，或不复制图片。</translation>
    </message>
    <message>
        <source>The picture “{name}” has changed since it was asked about.</source>
        <translation>图片“{name}”在提问之后发生了变化。</translation>
    </message>
    <message>
        <source>There is no format “{name}”.</source>
        <translation>没有名为“{name}”的格式。</translation>
    </message>
    <message>
        <source>The picture “{name}” is no longer there.</source>
        <translation>图片“{name}”已不存在。</translation>
    </message>
    <message>
        <source>The picture “{name}” cannot be read.</source>
        <translation>无法读取图片“{name}”。</translation>
    </message>
    <message>
        <source>The ending of “{name}” names no format.</source>
        <translation>无法从“{name}”的扩展名判断格式。</translation>
    </message>
    <message>
        <source>Use {known}.</source>
        <translation>请使用 {known}。</translation>
    </message>
    <message>
        <source>A widget was reached for from another thread.</source>
        <translation>从其他线程访问了界面控件。</translation>
    </message>
    <message>
        <source>There is no model in {folder} that can be used here.</source>
        <translation>{folder} 中没有可在此使用的模型。</translation>
    </message>
    <message>
        <source>The folder cannot be shown here.</source>
        <translation>无法在这里显示该文件夹。</translation>
    </message>
    <message>
        <source>Open it by other means.</source>
        <translation>请用其他方式打开。</translation>
    </message>
    <message>
        <source>Choose a model’s own folder, with its config.json and weights, or one above it.</source>
        <translation>请选择含有 config.json 和权重的模型文件夹，或其上一级文件夹。</translation>
    </message>
    <message>
        <source>Give its whole name to replace it, or another.</source>
        <translation>如需替换，请输入其完整名称；否则请换一个名称。</translation>
    </message>
    <message>
        <source>There is a file “{name}” already.</source>
        <translation>已存在文件“{name}”。</translation>
    </message>
    <message>
        <source>The quickest: short descriptions, labels and clear printed text.</source>
        <translation>最快：简短描述、标签和清晰的印刷文字。</translation>
    </message>
    <message>
        <source>Small, and thinks before it answers: simple counting and comparing.</source>
        <translation>小巧，先思考再回答：简单的计数和比较。</translation>
    </message>
    <message>
        <source>Everyday pictures: describes them, reads their text and finds things in them.</source>
        <translation>日常图片：描述画面、识别文字、查找物体。</translation>
    </message>
    <message>
        <source>Thinks before it answers: sums, charts and comparisons on a small machine.</source>
        <translation>先思考再回答：在小型机器上计算、看图表、做比较。</translation>
    </message>
    <message>
        <source>Documents, tables and small text, and what happens in videos.</source>
        <translation>文档、表格和小字，以及视频中发生的事情。</translation>
    </message>
    <message>
        <source>Thinks before it answers: charts, forms and questions with several steps.</source>
        <translation>先思考再回答：图表、表单和需要多步推理的问题。</translation>
    </message>
    <message>
        <source>Knows much and still answers quickly, where there is a lot of memory.</source>
        <translation>知识丰富，回答依然迅速，但需要大量内存。</translation>
    </message>
    <message>
        <source>Thinks at length and quickly, where there is a lot of memory.</source>
        <translation>思考充分而且迅速，但需要大量内存。</translation>
    </message>
    <message>
        <source>Careful with dense documents, charts and details; answers slowly.</source>
        <translation>对密集的文档、图表和细节处理细致；回答较慢。</translation>
    </message>
    <message>
        <source>The most thorough on difficult pictures; takes its time.</source>
        <translation>对复杂图片最为透彻；耗时较长。</translation>
    </message>
    <message>
        <source>The best of the family, for very large machines.</source>
        <translation>该系列中最好的模型，适合内存非常大的机器。</translation>
    </message>
    <message>
        <source>The best of the family at thinking, for very large machines.</source>
        <translation>该系列中最擅长思考的模型，适合内存非常大的机器。</translation>
    </message>
    <message>
        <source>Very small: a first glance at a picture, a word or two of text.</source>
        <translation>非常小：粗看图片，识别一两个词。</translation>
    </message>
    <message>
        <source>Small and of a newer family: short descriptions and clear text.</source>
        <translation>较新系列中的小模型：简短描述和清晰的文字。</translation>
    </message>
    <message>
        <source>Everyday pictures; long conversations take little memory.</source>
        <translation>日常图片，长对话占用内存少。</translation>
    </message>
    <message>
        <source>Documents, charts and long videos; long conversations take little memory.</source>
        <translation>文档、图表和长视频，长对话占用内存少。</translation>
    </message>
    <message>
        <source>Difficult pictures and texts; answers slowly.</source>
        <translation>复杂的图片和文字；回答较慢。</translation>
    </message>
</context>
<context>
    <name>FirstModel</name>
    <message>
        <source>Get a real model</source>
        <translation>获取真正的模型</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>All models…</source>
        <translation>所有模型…</translation>
    </message>
    <message>
        <source>Until then the demo model answers, about coloured shapes and short numbers only.</source>
        <translation>在此之前由演示模型回答，它只认识彩色形状和简短数字。</translation>
    </message>
    <message>
        <source>The settings say to work offline. Change that to download a model.</source>
        <translation>设置中选择了离线。要下载模型，请先更改设置。</translation>
    </message>
    <message>
        <source>Get a real model: {0}</source>
        <translation>获取真正的模型：{0}</translation>
    </message>
    <message>
        <source>Getting {0}</source>
        <translation>正在获取 {0}</translation>
    </message>
    <message>
        <source>What this computer can run could not be found out.</source>
        <translation>无法得知这台电脑能运行什么模型。</translation>
    </message>
    <message>
        <source>Looking at what this computer can run…</source>
        <translation>正在查看这台电脑能运行什么…</translation>
    </message>
    <message>
        <source>This computer has {0} GB of memory.</source>
        <translation>这台电脑有 {0} GB 内存。</translation>
    </message>
    <message>
        <source>{1} has {0} GB of memory.</source>
        <translation>{1} 有 {0} GB 显存。</translation>
    </message>
    <message>
        <source>This Mac has {0} GB of memory.</source>
        <translation>这台 Mac 有 {0} GB 内存。</translation>
    </message>
    <message>
        <source>No model of the list fits it well.</source>
        <translation>列表中没有适合它的模型。</translation>
    </message>
    <message>
        <source>{0} fits well.</source>
        <translation>{0} 很合适。</translation>
    </message>
    <message>
        <source>{0} just fits.</source>
        <translation>{0} 刚好合适。</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Download {0}</source>
        <translation>下载 {0}</translation>
    </message>
    <message>
        <source>Gets {0} from the Hugging Face Hub.</source>
        <translation>从 Hugging Face Hub 获取 {0}。</translation>
    </message>
    <message>
        <source>How far the download of the model is.</source>
        <translation>模型的下载进度。</translation>
    </message>
    <message>
        <source>Interrupts the download; what has come stays.</source>
        <translation>中断下载，已下载的部分会保留。</translation>
    </message>
    <message>
        <source>Ends the download and drops what has come of it.</source>
        <translation>结束下载，并删除已下载的部分。</translation>
    </message>
    <message>
        <source>Opens the list of all models.</source>
        <translation>打开所有模型的列表。</translation>
    </message>
</context>
<context>
    <name>FirstUse</name>
    <message>
        <source>The download of {0} begins.</source>
        <translation>开始下载 {0}。</translation>
    </message>
    <message>
        <source>{0} is downloaded.</source>
        <translation>{0} 已下载。</translation>
    </message>
</context>
<context>
    <name>FitQuestion</name>
    <message>
        <source>A question about the model</source>
        <translation>关于模型的问题</translation>
    </message>
    <message>
        <source>Loaded all the same, the computer may become very slow, or the system may end the program.</source>
        <translation>如果仍然加载，电脑可能变得很慢，系统也可能结束本程序。</translation>
    </message>
    <message>
        <source>Choose another model…</source>
        <translation>选择其他模型…</translation>
    </message>
    <message>
        <source>Load anyway</source>
        <translation>仍然加载</translation>
    </message>
    <message>
        <source>{0} is too large for this computer</source>
        <translation>{0} 对这台电脑来说太大</translation>
    </message>
    <message>
        <source>{0} needs about {1} of memory: there is {2}</source>
        <translation>{0} 约需 {1} 内存：可用 {2}</translation>
    </message>
    <message>
        <source>It needs about {0}, and the GPU has {1} of its {2} for a model.</source>
        <translation>它约需 {0}，而 GPU 的 {2} 显存中有 {1} 可供模型使用。</translation>
    </message>
    <message>
        <source>It needs about {0}, and this Mac has {1} of its {2} for a model.</source>
        <translation>它约需 {0}，而这台 Mac 的 {2} 内存中有 {1} 可供模型使用。</translation>
    </message>
    <message>
        <source>It needs about {0}, and this computer has {1} of its {2} for a model.</source>
        <translation>它约需 {0}，而这台电脑的 {2} 内存中有 {1} 可供模型使用。</translation>
    </message>
    <message>
        <source>{0} would fit.</source>
        <translation>{0} 合适。</translation>
    </message>
    <message>
        <source>Opens the list of the models that go well with this computer.</source>
        <translation>打开适合本机的模型列表。</translation>
    </message>
    <message>
        <source>Loads this model although it needs more memory than there is.</source>
        <translation>尽管内存不足，仍然加载这个模型。</translation>
    </message>
</context>
<context>
    <name>FrameModel</name>
    <message>
        <source>Frame {0} of {1}, {2}</source>
        <translation>第 {0} 帧，共 {1} 帧，{2}</translation>
    </message>
</context>
<context>
    <name>FrameStrip</name>
    <message>
        <source>Frames that the model sees</source>
        <translation>模型所看的帧</translation>
    </message>
    <message>
        <source>Left and Right go from one to the next.</source>
        <translation>用左右方向键逐个切换。</translation>
    </message>
</context>
<context>
    <name>FramesChoice</name>
    <message>
        <source>Frames</source>
        <translation>帧</translation>
    </message>
    <message>
        <source>Frames the model sees</source>
        <translation>模型所看的帧</translation>
    </message>
    <message>
        <source>Automatic, {0} a second</source>
        <translation>自动，每秒 {0} 帧</translation>
    </message>
    <message>
        <source>Frames a second</source>
        <translation>每秒帧数</translation>
    </message>
    <message>
        <source>Number of frames</source>
        <translation>总帧数</translation>
    </message>
    <message>
        <source>Most tokens for all frames</source>
        <translation>所有帧的 token 上限</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限</translation>
    </message>
    <message>
        <source>As the model&apos;s makers have it.</source>
        <translation>采用模型开发者的设定。</translation>
    </message>
    <message>
        <source>From {0} to {1} frames, whatever the length.</source>
        <translation>无论视频多长，均为 {0} 至 {1} 帧。</translation>
    </message>
    <message>
        <source>An even number from {0} to {1}, spread over the range.</source>
        <translation>{0} 至 {1} 之间的偶数，均匀分布在范围内。</translation>
    </message>
    <message>
        <source>Most tokens</source>
        <translation>token 上限</translation>
    </message>
    <message>
        <source>Frames a second is a number, such as 2 or 0.5.</source>
        <translation>每秒帧数应为数字，例如 2 或 0.5。</translation>
    </message>
    <message>
        <source>The model sees frames in pairs: choose an even number, such as {0}.</source>
        <translation>模型成对地看帧：请选择偶数，例如 {0}。</translation>
    </message>
    <message>
        <source>“{0}” is a whole number.</source>
        <translation>“{0}”应为整数。</translation>
    </message>
</context>
<context>
    <name>FramesPill</name>
    <message>
        <source>Frames</source>
        <translation>帧</translation>
    </message>
    <message>
        <source>Frames: {0}</source>
        <translation>帧：{0}</translation>
    </message>
</context>
<context>
    <name>LicencesWindow</name>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Website…</source>
        <translation>网站…</translation>
    </message>
    <message>
        <source>Source Code…</source>
        <translation>源代码…</translation>
    </message>
    <message>
        <source>Looking what is inside…</source>
        <translation>正在查看程序包含的内容…</translation>
    </message>
    <message>
        <source>Save All…</source>
        <translation>全部保存…</translation>
    </message>
    <message>
        <source>Name or licence</source>
        <translation>名称或许可证</translation>
    </message>
    <message>
        <source>Search what is inside</source>
        <translation>搜索程序包含的内容</translation>
    </message>
    <message>
        <source>Down goes to the list.</source>
        <translation>按向下键进入列表。</translation>
    </message>
    <message>
        <source>What is inside</source>
        <translation>程序包含的内容</translation>
    </message>
    <message>
        <source>The licence of what is chosen here stands beside it.</source>
        <translation>在此选中的内容，其许可证显示在旁边。</translation>
    </message>
    <message>
        <source>The licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>All that its makers ask to be said, and the text of the licence.</source>
        <translation>作者要求说明的全部内容，以及许可证全文。</translation>
    </message>
    <message>
        <source>Shows the address first.</source>
        <translation>会先显示网址。</translation>
    </message>
    <message>
        <source>Where its source code is. Shows the address first.</source>
        <translation>其源代码所在之处。会先显示网址。</translation>
    </message>
    <message>
        <source>Saves all of this as one text.</source>
        <translation>将全部内容保存为一个文本文件。</translation>
    </message>
    <message>
        <source>Closes this window.</source>
        <translation>关闭此窗口。</translation>
    </message>
    <message>
        <source>What is inside could not be read.</source>
        <translation>无法读取程序包含的内容。</translation>
    </message>
    <message>
        <source>Saved {0}</source>
        <translation>已保存 {0}</translation>
    </message>
    <message>
        <source>Nothing inside is called “{0}” or has such a licence.</source>
        <translation>没有名称或许可证为“{0}”的内容。</translation>
    </message>
    <message>
        <source>{0} pieces are inside, each under its own licence. The program as a whole is passed on under the GNU General Public License, version 3 or later; the first text says why.</source>
        <translation>程序包含 {0} 个部分，各有其许可证。整个程序按 GNU 通用公共许可证第 3 版或更高版本分发；第一篇文本说明了原因。</translation>
    </message>
    <message>
        <source>{0} pieces are inside, each under its own licence; the first text says what that means.</source>
        <translation>程序包含 {0} 个部分，各有其许可证；第一篇文本说明了这意味着什么。</translation>
    </message>
    <message>
        <source>More about {0} is at this address:</source>
        <translation>有关 {0} 的更多信息在此网址：</translation>
    </message>
    <message>
        <source>The source code of {0} is at this address:</source>
        <translation>{0} 的源代码在此网址：</translation>
    </message>
    <message>
        <source>Viewfinder Licences</source>
        <translation>Viewfinder 许可证</translation>
    </message>
    <message>
        <source>Save All Licences</source>
        <translation>保存全部许可证</translation>
    </message>
    <message>
        <source>Text (*.txt)</source>
        <translation>文本 (*.txt)</translation>
    </message>
</context>
<context>
    <name>LinkDialog</name>
    <message>
        <source>Open Link</source>
        <translation>打开链接</translation>
    </message>
    <message>
        <source>The answer links to this address:</source>
        <translation>回答中的链接指向此地址：</translation>
    </message>
    <message>
        <source>The answer links to this address, which is not opened from here:</source>
        <translation>回答中的链接指向此地址，无法从这里打开：</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Copy Address</source>
        <translation>复制地址</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>Its name has letters that may look like others; it is shown as the network knows it.</source>
        <translation>其名称中含有容易与其他字母混淆的字母，此处按网络识别的形式显示。</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Everything stays on this Mac</source>
        <translation>所有内容只留在这台 Mac 上</translation>
    </message>
    <message>
        <source>Everything stays on this computer</source>
        <translation>所有内容只留在这台电脑上</translation>
    </message>
    <message>
        <source>Toolbar</source>
        <translation>工具栏</translation>
    </message>
    <message>
        <source>Stop loading</source>
        <translation>停止加载</translation>
    </message>
    <message>
        <source>Export ▾</source>
        <translation>导出 ▾</translation>
    </message>
    <message>
        <source>Saves the conversation to a file.</source>
        <translation>将对话保存为文件。</translation>
    </message>
    <message>
        <source>Open…</source>
        <translation>打开…</translation>
    </message>
    <message>
        <source>New</source>
        <translation>新对话</translation>
    </message>
</context>
<context>
    <name>MediaCommands</name>
    <message>
        <source>Removed. Undo brings it back.</source>
        <translation>已移除，可撤销。</translation>
    </message>
    <message>
        <source>All removed. Undo brings them back.</source>
        <translation>已全部移除，可撤销。</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>Re&amp;do</source>
        <translation>重做(&amp;D)</translation>
    </message>
    <message>
        <source>{0} of these are here already.</source>
        <translation>其中 {0} 个已在列表中。</translation>
    </message>
    <message>
        <source>{0} files came in.</source>
        <translation>已添加 {0} 个文件。</translation>
    </message>
    <message>
        <source>Copied.</source>
        <translation>已复制。</translation>
    </message>
    <message>
        <source>The path is on the clipboard.</source>
        <translation>路径已复制到剪贴板。</translation>
    </message>
    <message>
        <source>Select All</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>The first is selected; select all that the question is about.</source>
        <translation>已选中第一张，请选择问题涉及的所有图片。</translation>
    </message>
    <message>
        <source>“{0}” is here already.</source>
        <translation>“{0}”已在列表中。</translation>
    </message>
</context>
<context>
    <name>MediaTray</name>
    <message>
        <source>Media</source>
        <translation>媒体</translation>
    </message>
    <message>
        <source>Pictures and videos</source>
        <translation>图片和视频</translation>
    </message>
    <message>
        <source>The next question is about the selected ones.</source>
        <translation>下一个问题针对所选图片。</translation>
    </message>
    <message>
        <source>Nothing here yet.</source>
        <translation>这里还没有图片。</translation>
    </message>
    <message>
        <source>Looking for pictures and videos…</source>
        <translation>正在查找图片和视频…</translation>
    </message>
    <message>
        <source>Image {0}</source>
        <translation>图 {0}</translation>
    </message>
    <message>
        <source>Video {0}</source>
        <translation>视频 {0}</translation>
    </message>
    <message>
        <source>Opening…</source>
        <translation>正在打开…</translation>
    </message>
    <message>
        <source>⚠ no frames</source>
        <translation>⚠ 没有帧</translation>
    </message>
    <message>
        <source>sent whole</source>
        <translation>已按原尺寸发送</translation>
    </message>
    <message>
        <source>sent at {0}</source>
        <translation>已按 {0} 发送</translation>
    </message>
    <message>
        <source>reduced to {0}</source>
        <translation>缩小至 {0}</translation>
    </message>
    <message>
        <source>seen whole</source>
        <translation>原尺寸</translation>
    </message>
    <message>
        <source>{0} tok</source>
        <translation>{0} token</translation>
    </message>
</context>
<context>
    <name>MediaViewer</name>
    <message>
        <source>Viewer</source>
        <translation>查看器</translation>
    </message>
    <message>
        <source>only to look at it: the file, and what the model sees of it, stay as they are</source>
        <translation>仅用于查看：文件和模型所见保持不变</translation>
    </message>
    <message>
        <source>Video {0}</source>
        <translation>视频 {0}</translation>
    </message>
    <message>
        <source>Picture {0}</source>
        <translation>图片 {0}</translation>
    </message>
    <message>
        <source>opening it…</source>
        <translation>正在打开…</translation>
    </message>
    <message>
        <source>shown at {0} of its size</source>
        <translation>以 {0} 的比例显示</translation>
    </message>
    <message>
        <source>opening it at full size…</source>
        <translation>正在以实际大小打开…</translation>
    </message>
    <message>
        <source>Shown at {0}.</source>
        <translation>以 {0} 显示。</translation>
    </message>
    <message>
        <source>Turned by {0} degrees.</source>
        <translation>已旋转 {0} 度。</translation>
    </message>
</context>
<context>
    <name>MemoryWords</name>
    <message>
        <source>Memory {0}</source>
        <translation>内存 {0}</translation>
    </message>
    <message>
        <source>Memory {0} of {1} GB</source>
        <translation>内存 {0} / {1} GB</translation>
    </message>
    <message>
        <source>GPU memory {0} of {1} GB</source>
        <translation>显存 {0} / {1} GB</translation>
    </message>
    <message>
        <source>Unloaded because memory was short. The next question loads the model again.</source>
        <translation>因内存不足已卸载模型，下次提问时会自动重新加载。</translation>
    </message>
    <message>
        <source>Unloaded after {0} minutes without a question. The next one loads the model again.</source>
        <translation>{0} 分钟没有提问，已卸载模型，下次提问时会自动重新加载。</translation>
    </message>
    <message>
        <source>Unloaded. The next question loads the model again.</source>
        <translation>已卸载模型，下次提问时会自动重新加载。</translation>
    </message>
</context>
<context>
    <name>ModelFolders</name>
    <message>
        <source>Add a Folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Chooses a folder that is a model or holds models; nothing is copied.</source>
        <translation>选择一个模型文件夹，或含有模型的文件夹；不会复制任何内容。</translation>
    </message>
    <message>
        <source>Beside the Hugging Face cache and LM Studio’s folders.</source>
        <translation>除了 Hugging Face 缓存和 LM Studio 的文件夹之外。</translation>
    </message>
    <message>
        <source>Models are also looked for in</source>
        <translation>还在这些文件夹中查找模型</translation>
    </message>
    <message>
        <source>A Folder with Models</source>
        <translation>含有模型的文件夹</translation>
    </message>
</context>
<context>
    <name>ModelLine</name>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Shows the models on this computer and those that can be downloaded.</source>
        <translation>显示本机上的模型和可下载的模型。</translation>
    </message>
    <message>
        <source>Demo model</source>
        <translation>演示模型</translation>
    </message>
</context>
<context>
    <name>ModelList</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Return does what the button of a row says; the menu key shows all that can be done with it.</source>
        <translation>回车键执行该行按钮的操作；菜单键显示全部操作。</translation>
    </message>
</context>
<context>
    <name>ModelPlace</name>
    <message>
        <source>Downloads go into this folder, a Hugging Face cache. Models in the place before stay there; add that folder below to go on using them.</source>
        <translation>模型会下载到此文件夹（Hugging Face 缓存）。原位置的模型不会移动；如要继续使用，请在下方添加原来的文件夹。</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Where models are kept</source>
        <translation>模型的存放位置</translation>
    </message>
    <message>
        <source>Chooses the folder that models are downloaded into from now on.</source>
        <translation>选择今后下载模型时所用的文件夹。</translation>
    </message>
    <message>
        <source>Where Models Are Kept</source>
        <translation>模型的存放位置</translation>
    </message>
</context>
<context>
    <name>ModelStatus</name>
    <message>
        <source>Not loaded</source>
        <translation>未加载</translation>
    </message>
    <message>
        <source>Looking for the model…</source>
        <translation>正在查找模型…</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Cannot be used</source>
        <translation>无法使用</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>没有模型</translation>
    </message>
    <message>
        <source>Shows the models</source>
        <translation>显示各个模型</translation>
    </message>
    <message>
        <source>Model: {0}, {1}</source>
        <translation>模型：{0}，{1}</translation>
    </message>
</context>
<context>
    <name>ModelSwitching</name>
    <message>
        <source>Another Model</source>
        <translation>换用模型</translation>
    </message>
    <message>
        <source>Another model begins a new conversation. Export this one first if you want to keep it.</source>
        <translation>换用模型会开始新的对话。如果想保留当前对话，请先导出。</translation>
    </message>
    <message>
        <source>Adapter</source>
        <translation>适配器</translation>
    </message>
    <message>
        <source>Another adapter, or none, begins a new conversation. Export this one first if you want to keep it.</source>
        <translation>更换或移除适配器会开始新的对话。如果想保留当前对话，请先导出。</translation>
    </message>
    <message>
        <source>Begin Anew</source>
        <translation>重新开始</translation>
    </message>
</context>
<context>
    <name>Models</name>
    <message>
        <source>Cancel Download</source>
        <translation>取消下载</translation>
    </message>
    <message>
        <source>Show in Folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Show in Finder</source>
        <translation>在访达中显示</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Try Again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>移除…</translation>
    </message>
    <message>
        <source>Has {0} answer from now on.</source>
        <translation>从现在起由 {0} 回答。</translation>
    </message>
    <message>
        <source>Reads {0} into memory.</source>
        <translation>把 {0} 读入内存。</translation>
    </message>
    <message>
        <source>Downloads {0} to this computer.</source>
        <translation>把 {0} 下载到本机。</translation>
    </message>
    <message>
        <source>Interrupts the download of {0}; what has come stays.</source>
        <translation>暂停下载 {0}；已下载的部分会保留。</translation>
    </message>
    <message>
        <source>Goes on with the download of {0}.</source>
        <translation>继续下载 {0}。</translation>
    </message>
    <message>
        <source>Goes on with the download of {0} where it failed.</source>
        <translation>从失败处继续下载 {0}。</translation>
    </message>
    <message>
        <source>Ends the download of {0} and drops what has come.</source>
        <translation>结束下载 {0}，并删除已下载的部分。</translation>
    </message>
    <message>
        <source>Shows the files of {0}.</source>
        <translation>显示 {0} 的文件。</translation>
    </message>
    <message>
        <source>Takes {0} off this computer.</source>
        <translation>从本机移除 {0}。</translation>
    </message>
    <message>
        <source>It is in use: use another model first.</source>
        <translation>它正在使用中：请先换用其他模型。</translation>
    </message>
    <message>
        <source>It is in a form that what runs models here does not read.</source>
        <translation>它的格式不能在本机运行。</translation>
    </message>
    <message>
        <source>The settings say that nothing is downloaded.</source>
        <translation>设置中选择了不下载任何内容。</translation>
    </message>
    <message>
        <source>More about {0}</source>
        <translation>{0} 的更多操作</translation>
    </message>
    <message>
        <source>All that can be done with {0}.</source>
        <translation>可以对 {0} 执行的全部操作。</translation>
    </message>
    <message>
        <source>about {0}</source>
        <translation>约 {0}</translation>
    </message>
    <message>
        <source>needs {0} of memory</source>
        <translation>需要 {0} 内存</translation>
    </message>
    <message>
        <source>✓ Fits</source>
        <translation>✓ 适合</translation>
    </message>
    <message>
        <source>! Tight</source>
        <translation>! 紧张</translation>
    </message>
    <message>
        <source>✕ Does not fit</source>
        <translation>✕ 内存不足</translation>
    </message>
    <message>
        <source>answers at once</source>
        <translation>直接回答</translation>
    </message>
    <message>
        <source>thinks first</source>
        <translation>先思考再回答</translation>
    </message>
    <message>
        <source>comes with the program</source>
        <translation>随程序附带</translation>
    </message>
    <message>
        <source>in the Hugging Face cache</source>
        <translation>在 Hugging Face 缓存中</translation>
    </message>
    <message>
        <source>in LM Studio’s folder</source>
        <translation>在 LM Studio 的文件夹中</translation>
    </message>
    <message>
        <source>in a folder of yours</source>
        <translation>在你的文件夹中</translation>
    </message>
    <message>
        <source>less than a minute left</source>
        <translation>剩余不到一分钟</translation>
    </message>
    <message>
        <source>{0} min left</source>
        <translation>剩余 {0} 分钟</translation>
    </message>
    <message>
        <source>{0} h {1} min left</source>
        <translation>剩余 {0} 小时 {1} 分钟</translation>
    </message>
    <message>
        <source>Waiting for its turn</source>
        <translation>排队等待</translation>
    </message>
    <message>
        <source>Looking at the repository…</source>
        <translation>正在查看仓库…</translation>
    </message>
    <message>
        <source>Downloading</source>
        <translation>正在下载</translation>
    </message>
    <message>
        <source>Checking what has come</source>
        <translation>正在校验</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Downloaded</source>
        <translation>已下载</translation>
    </message>
    <message>
        <source>Download failed</source>
        <translation>下载失败</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>已取消</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>已有 {0}，共 {1}</translation>
    </message>
    <message>
        <source>next attempt in {0} s</source>
        <translation>{0} 秒后重试</translation>
    </message>
    <message>
        <source>{0}/s</source>
        <translation>{0}/秒</translation>
    </message>
    <message>
        <source>used today</source>
        <translation>今天用过</translation>
    </message>
    <message>
        <source>used yesterday</source>
        <translation>昨天用过</translation>
    </message>
    <message>
        <source>used {0} days ago</source>
        <translation>{0} 天前用过</translation>
    </message>
    <message>
        <source>newer family</source>
        <translation>较新的系列</translation>
    </message>
    <message>
        <source>from your own list</source>
        <translation>来自你的列表</translation>
    </message>
    <message>
        <source>★ Recommended</source>
        <translation>★ 推荐</translation>
    </message>
    <message>
        <source>● In use</source>
        <translation>● 使用中</translation>
    </message>
    <message>
        <source>{0} on the disk</source>
        <translation>占用磁盘 {0}</translation>
    </message>
    <message>
        <source>Download {0}</source>
        <translation>下载 {0}</translation>
    </message>
    <message>
        <source>✕ In a form that is not read here</source>
        <translation>✕ 格式不能在本机运行</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>not downloaded</source>
        <translation>未下载</translation>
    </message>
</context>
<context>
    <name>ModelsOpening</name>
    <message>
        <source>This frees {0}.</source>
        <translation>可释放 {0}。</translation>
    </message>
    <message>
        <source>Emptying the trash then frees {0}.</source>
        <translation>之后清空废纸篓可释放 {0}。</translation>
    </message>
    <message>
        <source>Remove a Model</source>
        <translation>移除模型</translation>
    </message>
    <message>
        <source>Remove {0}?</source>
        <translation>要移除 {0} 吗？</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>The model is removed ({0}).</source>
        <translation>模型已移除（{0}）。</translation>
    </message>
    <message>
        <source>Choose a model’s folder</source>
        <translation>选择模型的文件夹</translation>
    </message>
</context>
<context>
    <name>ModelsSheet</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>Other ▾</source>
        <translation>其他 ▾</translation>
    </message>
    <message>
        <source>Installed</source>
        <translation>已安装</translation>
    </message>
    <message>
        <source>The models on this computer.</source>
        <translation>本机上的模型。</translation>
    </message>
    <message>
        <source>Recommended</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>… and {0} more</source>
        <translation>…还有 {0} 条</translation>
    </message>
    <message>
        <source>Goes back to the answers.</source>
        <translation>回到回答。</translation>
    </message>
    <message>
        <source>A model in a folder, or one that the list does not know.</source>
        <translation>某个文件夹中的模型，或列表中没有的模型。</translation>
    </message>
    <message>
        <source>Those that go well with this computer.</source>
        <translation>适合本机的模型。</translation>
    </message>
    <message>
        <source>All</source>
        <translation>全部</translation>
    </message>
    <message>
        <source>All that are known, with what each needs.</source>
        <translation>全部已知的模型，以及各自的需求。</translation>
    </message>
    <message>
        <source>Best fit</source>
        <translation>适合程度</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>最近使用</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search the models</source>
        <translation>搜索模型</translation>
    </message>
    <message>
        <source>Down goes to the list.</source>
        <translation>按向下键进入列表。</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>顺序</translation>
    </message>
    <message>
        <source>In which order the models stand.</source>
        <translation>模型的排列顺序。</translation>
    </message>
    <message>
        <source>Offline: nothing is downloaded. What is installed can be used.</source>
        <translation>离线：不下载任何内容。已安装的模型可以使用。</translation>
    </message>
    <message>
        <source>A Folder…</source>
        <translation>文件夹…</translation>
    </message>
    <message>
        <source>A Repository…</source>
        <translation>仓库…</translation>
    </message>
    <message>
        <source>Looking for models…</source>
        <translation>正在查找模型…</translation>
    </message>
    <message>
        <source>No model here is called “{0}”. “All” has some: {1}.</source>
        <translation>这里没有名为“{0}”的模型。“全部”中有 {1} 个。</translation>
    </message>
    <message>
        <source>No model here is called “{0}”. “Other” asks for one by its repository.</source>
        <translation>这里没有符合“{0}”的模型。可以通过“其他”按仓库查找。</translation>
    </message>
    <message>
        <source>None of the known models fits this computer. “All” shows what each needs.</source>
        <translation>已知的模型都不适合本机。“全部”中列出了各个模型的需求。</translation>
    </message>
    <message>
        <source>No model is here yet. “Recommended” shows which go well with this computer.</source>
        <translation>这里还没有模型。“推荐”中列出了适合本机的模型。</translation>
    </message>
</context>
<context>
    <name>MomentShowing</name>
    <message>
        <source>No video of this conversation is that long.</source>
        <translation>此对话中没有这么长的视频。</translation>
    </message>
    <message>
        <source>“{0}” is in the tray again, at {1}.</source>
        <translation>“{0}”已放回列表，显示 {1} 处。</translation>
    </message>
    <message>
        <source>“{0}” at {1}; the file was changed since the question.</source>
        <translation>“{0}”中的 {1}；提问之后该文件已更改。</translation>
    </message>
    <message>
        <source>“{0}” at {1}</source>
        <translation>“{0}”中的 {1}</translation>
    </message>
</context>
<context>
    <name>Notice</name>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制诊断报告</translation>
    </message>
    <message>
        <source>All errors</source>
        <translation>所有错误</translation>
    </message>
    <message>
        <source>Close this notice</source>
        <translation>关闭此提示</translation>
    </message>
    <message>
        <source>Takes the notice away, as Esc does.</source>
        <translation>关闭此提示，也可按 Esc。</translation>
    </message>
    <message>
        <source>Copies the errors, versions and the last log lines, without file names.</source>
        <translation>复制错误、版本信息和最近的日志，不含文件名。</translation>
    </message>
    <message>
        <source>Show fewer</source>
        <translation>收起</translation>
    </message>
    <message>
        <source>Show all {0}</source>
        <translation>显示全部 {0} 项</translation>
    </message>
    <message>
        <source>Notice</source>
        <translation>提示</translation>
    </message>
    <message>
        <source>Looks for the model once more.</source>
        <translation>重新查找模型。</translation>
    </message>
    <message>
        <source>… and {0} more</source>
        <translation>…以及另外 {0} 项</translation>
    </message>
</context>
<context>
    <name>NumberField</name>
    <message>
        <source>{0} goes from {1} to {2}.</source>
        <translation>“{0}”的取值范围为 {1} 到 {2}。</translation>
    </message>
    <message>
        <source>{0} is a whole number from {1} to {2}.</source>
        <translation>“{0}”应为 {1} 到 {2} 的整数。</translation>
    </message>
    <message>
        <source>{0} is a number from {1} to {2}.</source>
        <translation>“{0}”应为 {1} 到 {2} 的数字。</translation>
    </message>
    <message>
        <source>The last good value, {0}, stays.</source>
        <translation>仍使用上一个有效值 {0}。</translation>
    </message>
    <message>
        <source>● Changed; the model’s own is {0}</source>
        <translation>● 已更改；模型默认为 {0}</translation>
    </message>
    <message>
        <source>The model’s own: {0}</source>
        <translation>模型默认：{0}</translation>
    </message>
</context>
<context>
    <name>Offered</name>
    <message>
        <source>Save it as a file first, then drop the file.</source>
        <translation>请先另存为文件，再拖放该文件。</translation>
    </message>
    <message>
        <source>“{0}” is a web address, and Viewfinder does not fetch anything from the web.</source>
        <translation>“{0}”是网址，Viewfinder 不会从网络获取任何内容。</translation>
    </message>
    <message>
        <source>{0} web addresses were left out: Viewfinder does not fetch anything from the web.</source>
        <translation>已忽略 {0} 个网址：Viewfinder 不会从网络获取任何内容。</translation>
    </message>
    <message>
        <source>Pasted picture {0}</source>
        <translation>粘贴的图片 {0}</translation>
    </message>
</context>
<context>
    <name>OtherModel</name>
    <message>
        <source>Repository on the Hub</source>
        <translation>Hub 上的仓库</translation>
    </message>
    <message>
        <source>Look Up</source>
        <translation>查找</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Its description is read first; nothing is downloaded yet.</source>
        <translation>会先读取它的说明；此时不会下载。</translation>
    </message>
    <message>
        <source>Return looks it up.</source>
        <translation>按回车键查找。</translation>
    </message>
    <message>
        <source>Asks the Hub what this repository holds.</source>
        <translation>向 Hub 查询该仓库的内容。</translation>
    </message>
    <message>
        <source>Closes this line.</source>
        <translation>关闭这一行。</translation>
    </message>
    <message>
        <source>Asking the Hub about {0}…</source>
        <translation>正在向 Hub 查询 {0}…</translation>
    </message>
</context>
<context>
    <name>PartList</name>
    <message>
        <source>see its text</source>
        <translation>见其文本</translation>
    </message>
    <message>
        <source>{0} · with {1}</source>
        <translation>{0} · 随 {1} 附带</translation>
    </message>
</context>
<context>
    <name>PictureCanvas</name>
    <message>
        <source>Picture</source>
        <translation>图片</translation>
    </message>
</context>
<context>
    <name>ProgramSettings</name>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>Never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source>After {0} minutes</source>
        <translation>{0} 分钟后</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Where I Last Saved</source>
        <translation>上次保存的位置</translation>
    </message>
    <message>
        <source>Show Settings Folder</source>
        <translation>显示设置文件夹</translation>
    </message>
    <message>
        <source>Show Log Folder</source>
        <translation>显示日志文件夹</translation>
    </message>
    <message>
        <source>Forget My Questions</source>
        <translation>清除提问记录</translation>
    </message>
    <message>
        <source>Light, dark, or as the system is.</source>
        <translation>浅色、深色，或跟随系统。</translation>
    </message>
    <message>
        <source>The language of the window.</source>
        <translation>窗口使用的语言。</translation>
    </message>
    <message>
        <source>How long the model stays loaded while nothing is asked.</source>
        <translation>没有提问时，模型保持加载的时长。</translation>
    </message>
    <message>
        <source>They come back with the Up key in the question box.</source>
        <translation>可在问题框中按向上键调出。</translation>
    </message>
    <message>
        <source>Chooses the folder that exports are offered in.</source>
        <translation>选择默认的导出文件夹。</translation>
    </message>
    <message>
        <source>Offers exports where the last one was saved.</source>
        <translation>默认导出到上次保存的位置。</translation>
    </message>
    <message>
        <source>Opens the folder of settings and window geometry.</source>
        <translation>打开存放设置和窗口位置的文件夹。</translation>
    </message>
    <message>
        <source>Opens the folder of the log.</source>
        <translation>打开存放日志的文件夹。</translation>
    </message>
    <message>
        <source>Erases the questions that were asked before.</source>
        <translation>清除以前提过的问题。</translation>
    </message>
    <message>
        <source>The folder used last</source>
        <translation>上次使用的文件夹</translation>
    </message>
    <message>
        <source>Exports go to</source>
        <translation>导出到</translation>
    </message>
    <message>
        <source>Keep my questions for the next start</source>
        <translation>保留提问记录，供下次启动后使用</translation>
    </message>
    <message>
        <source>Appearance and Language</source>
        <translation>外观与语言</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Unload the model</source>
        <translation>卸载模型</translation>
    </message>
    <message>
        <source>A model that is not used gives its memory back, and does so early when the system is short of it. The next question loads it again.</source>
        <translation>不用的模型会归还内存；系统内存不足时会提前归还。下次提问时自动重新加载。</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>What Is Remembered</source>
        <translation>记录</translation>
    </message>
    <message>
        <source>Where Exports Go</source>
        <translation>选择导出位置</translation>
    </message>
    <message>
        <source>The folder {0} cannot be shown here.</source>
        <translation>无法在此显示文件夹 {0}。</translation>
    </message>
    <message>
        <source>Earlier questions are forgotten.</source>
        <translation>提问记录已清除。</translation>
    </message>
</context>
<context>
    <name>PromptPanel</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Ask about what you see…</source>
        <translation>就您看到的内容提问…</translation>
    </message>
    <message>
        <source>Ask</source>
        <translation>提问</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Stop the answer; what is there stays</source>
        <translation>停止回答，已有内容会保留</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Opens the settings in the place of the answers, or closes them.</source>
        <translation>在回答的位置打开或关闭设置。</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Editing an earlier question: what follows it will be replaced</source>
        <translation>正在编辑之前的问题：其后的内容将被替换</translation>
    </message>
    <message>
        <source>Drop a picture or video first, or just ask…</source>
        <translation>先拖入图片或视频，或直接提问…</translation>
    </message>
    <message>
        <source>How far reading the pictures, the videos and the question is.</source>
        <translation>读取图片、视频和问题的进度。</translation>
    </message>
    <message>
        <source>Leaves the earlier question and its answer as they are</source>
        <translation>保持之前的问题和回答不变</translation>
    </message>
    <message>
        <source>Leave everything as it was (Esc)</source>
        <translation>一切保持原样 (Esc)</translation>
    </message>
</context>
<context>
    <name>QuestionBox</name>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Type the question here. Return makes a new line.</source>
        <translation>在此输入问题，按回车键换行。</translation>
    </message>
</context>
<context>
    <name>RangePill</name>
    <message>
        <source>Begin the range here</source>
        <translation>范围从此处开始</translation>
    </message>
    <message>
        <source>End the range here</source>
        <translation>范围到此处结束</translation>
    </message>
    <message>
        <source>Take the whole video</source>
        <translation>使用整个视频</translation>
    </message>
    <message>
        <source>In {0}</source>
        <translation>入点 {0}</translation>
    </message>
    <message>
        <source>Out {0}</source>
        <translation>出点 {0}</translation>
    </message>
</context>
<context>
    <name>ReportDialog</name>
    <message>
        <source>Report a Problem</source>
        <translation>报告问题</translation>
    </message>
    <message>
        <source>The report</source>
        <translation>诊断报告</translation>
    </message>
    <message>
        <source>With file names, questions and answers</source>
        <translation>包含文件名、问题和回答</translation>
    </message>
    <message>
        <source>Anyone who reads the report will then see them.</source>
        <translation>这样，阅读报告的人都会看到这些内容。</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy this into a message to the makers of Viewfinder. Nothing is sent by itself.</source>
        <translation>请将其复制到发给 Viewfinder 开发者的消息中。不会自动发送任何内容。</translation>
    </message>
</context>
<context>
    <name>ResultView</name>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Questions and answers, the newest at the end.</source>
        <translation>问题和回答，最新的在最后。</translation>
    </message>
    <message>
        <source>Ask about what you see. The answers come here.</source>
        <translation>就您看到的内容提问，回答会显示在这里。</translation>
    </message>
    <message>
        <source>End of the answer.</source>
        <translation>回答结束。</translation>
    </message>
    <message>
        <source>{0}, link</source>
        <translation>{0}，链接</translation>
    </message>
    <message>
        <source>shown: {0}</source>
        <translation>已发送：{0}</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>复制为 Markdown</translation>
    </message>
    <message>
        <source>Copy Code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Copy Whole Answer</source>
        <translation>复制整个回答</translation>
    </message>
    <message>
        <source>Select All</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>shown: {0} and {1} more</source>
        <translation>已发送：{0}，另有 {1} 张</translation>
    </message>
    <message>
        <source>Copy question</source>
        <translation>复制问题</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>Hide parts</source>
        <translation>隐藏各段</translation>
    </message>
    <message>
        <source>Show parts</source>
        <translation>显示各段</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制诊断报告</translation>
    </message>
    <message>
        <source>Ask again</source>
        <translation>重新提问</translation>
    </message>
    <message>
        <source>Copy the answer</source>
        <translation>复制回答</translation>
    </message>
    <message>
        <source>Copy the code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Edit the question</source>
        <translation>编辑问题</translation>
    </message>
    <message>
        <source>{0}, button</source>
        <translation>{0}，按钮</translation>
    </message>
    <message>
        <source>Click to copy the answer, or drag it where you want it.</source>
        <translation>点按可复制回答，也可将其拖到需要的地方。</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>Show {0} of the video</source>
        <translation>在视频中显示 {0}</translation>
    </message>
    <message>
        <source>Parts</source>
        <translation>各段</translation>
    </message>
    <message>
        <source>Part {0} of {1}</source>
        <translation>第 {0} 段，共 {1} 段</translation>
    </message>
    <message>
        <source>One answer is being made of all parts…</source>
        <translation>正在把各段合成一个回答…</translation>
    </message>
    <message>
        <source>This part was stopped.</source>
        <translation>这一段已停止。</translation>
    </message>
    <message>
        <source>This part could not be looked at.</source>
        <translation>这一段无法查看。</translation>
    </message>
</context>
<context>
    <name>SamplingSettings</name>
    <message>
        <source>Reset to the Model’s Own</source>
        <translation>恢复模型默认值</translation>
    </message>
    <message>
        <source>Takes what the makers of the model suggest.</source>
        <translation>采用模型开发者的建议值。</translation>
    </message>
    <message>
        <source>The same question with the same settings then gives the same answer.</source>
        <translation>这样，相同的问题和设置会得到相同的回答。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>The same seed, question and settings give the same answer.</source>
        <translation>种子、问题和设置都相同时，回答也相同。</translation>
    </message>
    <message>
        <source>Draws every answer as the last one was drawn.</source>
        <translation>每次回答都使用上一个回答的种子。</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Always draw with the same seed</source>
        <translation>始终使用同一随机种子</translation>
    </message>
    <message>
        <source>Longest answer, in tokens</source>
        <translation>最长回答（token）</translation>
    </message>
    <message>
        <source>Where an answer ends at the latest.</source>
        <translation>回答最长到此为止。</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>How freely words are drawn; 0 always takes the likeliest.</source>
        <translation>选词的随机程度；0 表示总选最可能的词。</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Keeps the likeliest words that add up to this; 1 keeps all.</source>
        <translation>只保留累计概率达到此值的词；1 表示全部保留。</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>Keeps this many of the likeliest words; 0 keeps all.</source>
        <translation>只保留最可能的若干个词；0 表示全部保留。</translation>
    </message>
    <message>
        <source>Min-p</source>
        <translation>Min-p</translation>
    </message>
    <message>
        <source>Keeps words at least this likely beside the likeliest; 0 keeps all.</source>
        <translation>只保留与最可能的词相比达到此比例的词；0 表示全部保留。</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Makes words that stood there before less likely; 1 is off.</source>
        <translation>降低前文出现过的词的概率；1 表示关闭。</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>Makes words that the answer already has less likely; 0 is off.</source>
        <translation>降低回答中已有的词的概率；0 表示关闭。</translation>
    </message>
    <message>
        <source>Each answer is drawn with a new seed, which is shown here.</source>
        <translation>每次回答都使用新的随机种子，并显示在这里。</translation>
    </message>
    <message>
        <source>The last answer was drawn with {0}.</source>
        <translation>上一个回答使用的种子是 {0}。</translation>
    </message>
    <message>
        <source>Always Use {0}</source>
        <translation>始终使用 {0}</translation>
    </message>
</context>
<context>
    <name>Screenshot</name>
    <message>
        <source>This system offers no way to take a picture of the screen.</source>
        <translation>此系统无法截取屏幕。</translation>
    </message>
    <message>
        <source>Take one with another program and paste it.</source>
        <translation>请用其他程序截屏，然后粘贴。</translation>
    </message>
    <message>
        <source>Screenshot {0}</source>
        <translation>截屏 {0}</translation>
    </message>
    <message>
        <source>The system does not allow Viewfinder to take pictures of the screen.</source>
        <translation>系统不允许 Viewfinder 截取屏幕。</translation>
    </message>
    <message>
        <source>Allow it in the system&apos;s settings for privacy, then try again.</source>
        <translation>请在系统的隐私设置中允许，然后重试。</translation>
    </message>
</context>
<context>
    <name>Scrubber</name>
    <message>
        <source>Position in the video</source>
        <translation>视频中的位置</translation>
    </message>
    <message>
        <source>{0} of {1}. Left and Right show the next frames, with Shift a second further.</source>
        <translation>{0}，共 {1}。左右方向键逐帧移动，按住 Shift 移动一秒。</translation>
    </message>
</context>
<context>
    <name>SettingsPanel</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>完成</translation>
    </message>
    <message>
        <source>As stored</source>
        <translation>按存储的形式</translation>
    </message>
    <message>
        <source>In 8 bits</source>
        <translation>8 位</translation>
    </message>
    <message>
        <source>In 4 bits</source>
        <translation>4 位</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>Goes back to the answers.</source>
        <translation>返回回答。</translation>
    </message>
    <message>
        <source>Stands before every conversation with this model.</source>
        <translation>放在与此模型的每次对话之前。</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>How many tokens a conversation may have; more need more memory. Changing this loads the model anew.</source>
        <translation>对话最多可以有多少 token；越多所需内存越多。更改后会重新加载模型。</translation>
    </message>
    <message>
        <source>Adapter (LoRA)</source>
        <translation>适配器（LoRA）</translation>
    </message>
    <message>
        <source>A small training on top of the model. Changing this loads the model anew.</source>
        <translation>在模型之上的一份小型训练结果。更改后会重新加载模型。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Each model keeps its own instruction, sampling and seed. Changes hold from the next question on.</source>
        <translation>每个模型分别保存各自的系统指令、采样设置和随机种子。更改从下一个问题起生效。</translation>
    </message>
    <message>
        <source>Such as: Answer in one sentence.</source>
        <translation>例如：请用一句话回答。</translation>
    </message>
    <message>
        <source>Fewer bits need less memory and answer a little worse. Changing this loads the model anew.</source>
        <translation>位数越少，占用的内存越少，回答略差。更改后会重新加载模型。</translation>
    </message>
    <message>
        <source>Instruction</source>
        <translation>系统指令</translation>
    </message>
</context>
<context>
    <name>Shortcuts</name>
    <message>
        <source>Keyboard Shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>In their places</source>
        <translation>各区域内</translation>
    </message>
    <message>
        <source>Remove what is selected (in the list of pictures and videos)</source>
        <translation>移除所选项目（在图片和视频列表中）</translation>
    </message>
    <message>
        <source>Next frame (on a video; Left: the one before)</source>
        <translation>下一帧（在视频上；左方向键为上一帧）</translation>
    </message>
    <message>
        <source>A second further (on a video)</source>
        <translation>前进一秒（在视频上）</translation>
    </message>
    <message>
        <source>Next frame that the model sees (on a video)</source>
        <translation>模型所看的下一帧（在视频上）</translation>
    </message>
    <message>
        <source>Last frame (on a video; Home: the first)</source>
        <translation>最后一帧（在视频上；Home 为第一帧）</translation>
    </message>
    <message>
        <source>New line (in the question)</source>
        <translation>换行（在问题中）</translation>
    </message>
    <message>
        <source>Earlier question (in the first line)</source>
        <translation>较早的问题（在第一行）</translation>
    </message>
    <message>
        <source>Later question (in the last line)</source>
        <translation>较晚的问题（在最后一行）</translation>
    </message>
    <message>
        <source>Next control</source>
        <translation>下一个控件</translation>
    </message>
</context>
<context>
    <name>SystemCommands</name>
    <message>
        <source>“Ask Viewfinder” is gone from Finder&apos;s Quick Actions.</source>
        <translation>“用 Viewfinder 提问”已从访达的快速操作中移除。</translation>
    </message>
    <message>
        <source>“Ask Viewfinder” is in Finder&apos;s Quick Actions now. If you do not see it, choose “Customize…” there.</source>
        <translation>“用 Viewfinder 提问”现已加入访达的快速操作。如果没有看到，请在那里选取“自定…”。</translation>
    </message>
    <message>
        <source>Viewfinder is not in the Applications folder yet.</source>
        <translation>Viewfinder 还不在“应用程序”文件夹中。</translation>
    </message>
    <message>
        <source>Quit it, drag it there in Finder, and open it from there: where it is now, it does not stay.</source>
        <translation>请退出，在访达中将它拖到该文件夹，再从那里打开：它现在的位置只是临时的。</translation>
    </message>
</context>
<context>
    <name>TaskChips</name>
    <message>
        <source>Puts the question of this task into the box.</source>
        <translation>将此任务的问题填入输入框。</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>More tasks</source>
        <translation>更多任务</translation>
    </message>
    <message>
        <source>All tasks</source>
        <translation>所有任务</translation>
    </message>
</context>
<context>
    <name>Tasks</name>
    <message>
        <source>Describe</source>
        <translation>描述</translation>
    </message>
    <message>
        <source>Count</source>
        <translation>计数</translation>
    </message>
    <message>
        <source>Compare pictures</source>
        <translation>比较图片</translation>
    </message>
    <message>
        <source>Describe the video</source>
        <translation>描述视频</translation>
    </message>
    <message>
        <source>Describe this video.</source>
        <translation>请描述这段视频。</translation>
    </message>
    <message>
        <source>Events as JSON</source>
        <translation>事件（JSON）</translation>
    </message>
    <message>
        <source>Find a moment</source>
        <translation>查找时刻</translation>
    </message>
    <message>
        <source>somebody comes in</source>
        <translation>有人走进来</translation>
    </message>
    <message>
        <source>Read text</source>
        <translation>识别文字</translation>
    </message>
    <message>
        <source>Read text in the video</source>
        <translation>读出视频中的文字</translation>
    </message>
    <message>
        <source>Read all the text that is shown in this video, and say when. Write a Markdown table with the columns “time” (from – to, as 0:00 – 0:06) and “text”.</source>
        <translation>读出这段视频中出现的所有文字，并说明出现的时间。请写成 Markdown 表格，包含“时间”（起 – 止，写作 0:00 – 0:06）和“文字”两列。</translation>
    </message>
    <message>
        <source>Find text with its place</source>
        <translation>识别文字及位置</translation>
    </message>
    <message>
        <source>Timeline</source>
        <translation>时间线</translation>
    </message>
    <message>
        <source>What happens in this video, and when? Write a Markdown table with the columns “time” (from – to, as 0:00 – 0:06) and “event”.</source>
        <translation>这段视频里发生了什么，分别在什么时候？请写成 Markdown 表格，包含“时间”（起 – 止，写作 0:00 – 0:06）和“事件”两列。</translation>
    </message>
    <message>
        <source>Fill in a form</source>
        <translation>提取字段</translation>
    </message>
    <message>
        <source>Locate</source>
        <translation>定位</translation>
    </message>
    <message>
        <source>Points</source>
        <translation>点定位</translation>
    </message>
    <message>
        <source>Document to Markdown</source>
        <translation>文档转 Markdown</translation>
    </message>
    <message>
        <source>Document to HTML</source>
        <translation>文档转 HTML</translation>
    </message>
    <message>
        <source>Chart to table</source>
        <translation>图表转表格</translation>
    </message>
    <message>
        <source>Screenshot to web page</source>
        <translation>截图转网页</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>Describe this image.</source>
        <translation>请描述这张图片。</translation>
    </message>
    <message>
        <source>How many {things} are there?</source>
        <translation>图中有多少{things}？</translation>
    </message>
    <message>
        <source>What is different between these images?</source>
        <translation>这些图片有什么不同？</translation>
    </message>
    <message>
        <source>Read all the text in the image.</source>
        <translation>读出图片中的所有文字。</translation>
    </message>
    <message>
        <source>Read the values from the chart and write them as a Markdown table.</source>
        <translation>读出图表中的数值，并写成 Markdown 表格。</translation>
    </message>
    <message>
        <source>Write one HTML file with its CSS that looks like this screenshot.</source>
        <translation>写一个 HTML 文件（含 CSS），使其外观与这张截图一致。</translation>
    </message>
    <message>
        <source>objects</source>
        <translation>物体</translation>
    </message>
    <message>
        <source>person, car, animal</source>
        <translation>人，汽车，动物</translation>
    </message>
    <message>
        <source>person</source>
        <translation>人</translation>
    </message>
</context>
<context>
    <name>UsualCommands</name>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>Re&amp;do</source>
        <translation>重做(&amp;D)</translation>
    </message>
</context>
<context>
    <name>VideoFoot</name>
    <message>
        <source>Take out this frame as a picture</source>
        <translation>将此帧取出为图片</translation>
    </message>
    <message>
        <source>Take out frame</source>
        <translation>取出此帧</translation>
    </message>
    <message>
        <source>Take out</source>
        <translation>取出</translation>
    </message>
    <message>
        <source>Text may be too small to read.</source>
        <translation>文字可能太小而无法辨认。</translation>
    </message>
    <message>
        <source>Choose which frames the model sees.</source>
        <translation>选择模型所看的帧。</translation>
    </message>
</context>
<context>
    <name>VideoViewing</name>
    <message>
        <source>A range is at least two frames long.</source>
        <translation>范围至少要有两帧。</translation>
    </message>
    <message>
        <source>“{0}” is a picture of its own now. The next question is about it alone.</source>
        <translation>“{0}”现在是一张独立的图片。下一个问题只针对它。</translation>
    </message>
</context>
<context>
    <name>VideoWords</name>
    <message>
        <source>frame {0} of {1}</source>
        <translation>第 {0} 帧，共 {1} 帧</translation>
    </message>
    <message>
        <source>{0} of {1}</source>
        <translation>{0} / {1} 帧</translation>
    </message>
    <message>
        <source>{0} each</source>
        <translation>每帧 {0}</translation>
    </message>
    <message>
        <source>{0} frames in {1} parts</source>
        <translation>{1} 段共 {0} 帧</translation>
    </message>
    <message>
        <source>1 frame</source>
        <translation>1 帧</translation>
    </message>
    <message>
        <source>{0} frames</source>
        <translation>{0} 帧</translation>
    </message>
    <message>
        <source>{0} s apart</source>
        <translation>间隔 {0} 秒</translation>
    </message>
    <message>
        <source>1 frame, seen at {0}: {1}.</source>
        <translation>1 帧，尺寸为 {0}：{1}。</translation>
    </message>
    <message>
        <source>{0}, {1}, each seen at {2}: {3}.</source>
        <translation>{0}，{1}，每帧尺寸为 {2}：{3}。</translation>
    </message>
    <message>
        <source>Text may be too small to read: take fewer frames or a shorter range.</source>
        <translation>文字可能太小而无法辨认：请减少帧数或缩短范围。</translation>
    </message>
    <message>
        <source>{0} frames per second</source>
        <translation>每秒 {0} 帧</translation>
    </message>
    <message>
        <source>The part from {0}</source>
        <translation>选取的时间段：{0}</translation>
    </message>
    <message>
        <source>Later questions tell the model what was said of it; its frames are not shown again.</source>
        <translation>以后的问题只会把关于它的回答告诉模型，不会再给模型看它的帧。</translation>
    </message>
</context>
<context>
    <name>Viewing</name>
    <message>
        <source>“{0}” is on the clipboard.</source>
        <translation>“{0}”已复制到剪贴板。</translation>
    </message>
    <message>
        <source>“{0}” is on the clipboard at {1}×{2}.</source>
        <translation>“{0}”已以 {1}×{2} 复制到剪贴板。</translation>
    </message>
    <message>
        <source>“{0}” is on the clipboard: the file whole, its image at {1}×{2}.</source>
        <translation>“{0}”已复制到剪贴板：文件完整，图像为 {1}×{2}。</translation>
    </message>
    <message>
        <source>The frame at {0} is on the clipboard.</source>
        <translation>{0} 处的帧已复制到剪贴板。</translation>
    </message>
</context>
<context>
    <name>WideTable</name>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
    <message>
        <source>Scrolls sideways with the left and right arrow keys</source>
        <translation>可用左右方向键横向滚动</translation>
    </message>
</context>
<context>
    <name>WindowContent</name>
    <message>
        <source>{0} selected</source>
        <translation>已选 {0} 项</translation>
    </message>
</context>
<context>
    <name>Wording</name>
    <message>
        <source>{0} tokens</source>
        <translation>{0} token</translation>
    </message>
    <message>
        <source>1 video</source>
        <translation>1 个视频</translation>
    </message>
    <message>
        <source>{0} videos</source>
        <translation>{0} 个视频</translation>
    </message>
    <message>
        <source>1 picture</source>
        <translation>1 张图片</translation>
    </message>
    <message>
        <source>{0} pictures</source>
        <translation>{0} 张图片</translation>
    </message>
    <message>
        <source>+{0}</source>
        <translation>+{0}</translation>
    </message>
    <message>
        <source>{0} tokens of {1}</source>
        <translation>占用 {0} / {1} token</translation>
    </message>
    <message>
        <source>{0}, {1}, {2}</source>
        <translation>{0}，{1}，{2}</translation>
    </message>
    <message>
        <source>{0}: too small for text</source>
        <translation>{0}（文字太小）</translation>
    </message>
    <message>
        <source>Nothing selected</source>
        <translation>未选择任何项目</translation>
    </message>
    <message>
        <source>What is new takes {0} tokens.</source>
        <translation>新增内容占用 {0} token。</translation>
    </message>
    <message>
        <source>What is new takes {0} tokens, the times between frames included.</source>
        <translation>新增内容占用 {0} token，包括帧之间的时间标记。</translation>
    </message>
    <message>
        <source>The conversation so far takes {0}.</source>
        <translation>此前的对话占用 {0}。</translation>
    </message>
    <message>
        <source>The model can take {0} in all, question and answer included.</source>
        <translation>模型总共可处理 {0}，包括问题和回答。</translation>
    </message>
    <message>
        <source>Little room is left for an answer.</source>
        <translation>留给回答的余量不多。</translation>
    </message>
    <message>
        <source>“{0}”: {1}</source>
        <translation>“{0}”：{1}</translation>
    </message>
    <message>
        <source>Take fewer frames or a shorter part of the video, or select less.</source>
        <translation>请减少帧数、缩短视频的时间段，或少选一些项目。</translation>
    </message>
    <message>
        <source>Take fewer frames or a shorter part of the video, select less, or begin a new conversation.</source>
        <translation>请减少帧数、缩短视频的时间段、少选一些项目，或开始新的对话。</translation>
    </message>
    <message>
        <source>Choose a smaller budget, select fewer pictures or begin a new conversation.</source>
        <translation>请选择较低的档位、减少图片，或开始新的对话。</translation>
    </message>
    <message>
        <source>Choose a smaller budget or select fewer pictures.</source>
        <translation>请选择较低的档位，或减少图片。</translation>
    </message>
    <message>
        <source>This is more than the model can take: {0} tokens of {1}.</source>
        <translation>超出了模型的处理上限：{0} / {1} token。</translation>
    </message>
    <message>
        <source>{0}, {1}</source>
        <translation>{0}，{1}</translation>
    </message>
    <message>
        <source>&amp;Undo Add Item</source>
        <translation>撤销添加项目(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Undo Remove Item</source>
        <translation>撤销移除项目(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Undo Move Item</source>
        <translation>撤销移动项目(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Undo Choose Frames</source>
        <translation>撤销选择帧(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Undo Add {0} Items</source>
        <translation>撤销添加 {0} 个项目(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Undo Remove {0} Items</source>
        <translation>撤销移除 {0} 个项目(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Undo Move {0} Items</source>
        <translation>撤销移动 {0} 个项目(&amp;U)</translation>
    </message>
    <message>
        <source>Re&amp;do Add Item</source>
        <translation>重做添加项目(&amp;D)</translation>
    </message>
    <message>
        <source>Re&amp;do Remove Item</source>
        <translation>重做移除项目(&amp;D)</translation>
    </message>
    <message>
        <source>Re&amp;do Move Item</source>
        <translation>重做移动项目(&amp;D)</translation>
    </message>
    <message>
        <source>Re&amp;do Choose Frames</source>
        <translation>重做选择帧(&amp;D)</translation>
    </message>
    <message>
        <source>Re&amp;do Add {0} Items</source>
        <translation>重做添加 {0} 个项目(&amp;D)</translation>
    </message>
    <message>
        <source>Re&amp;do Remove {0} Items</source>
        <translation>重做移除 {0} 个项目(&amp;D)</translation>
    </message>
    <message>
        <source>Re&amp;do Move {0} Items</source>
        <translation>重做移动 {0} 个项目(&amp;D)</translation>
    </message>
    <message>
        <source>{0} MP</source>
        <translation>{0} MP</translation>
    </message>
    <message>
        <source>seen whole</source>
        <translation>原尺寸</translation>
    </message>
    <message>
        <source>reduced to {0}</source>
        <translation>缩小至 {0}</translation>
    </message>
    <message>
        <source>Loading…</source>
        <translation>正在加载…</translation>
    </message>
    <message>
        <source>Starting the runtime</source>
        <translation>正在启动运行环境</translation>
    </message>
    <message>
        <source>Reading the weights</source>
        <translation>正在读取权重</translation>
    </message>
    <message>
        <source>Warming up</source>
        <translation>正在预热</translation>
    </message>
    <message>
        <source>Demo model: knows only simple shapes and numbers.</source>
        <translation>演示模型：只认识简单的形状和数字。</translation>
    </message>
    <message>
        <source>Waiting until the model is loaded…</source>
        <translation>正在等待模型加载…</translation>
    </message>
    <message>
        <source>Reading {0} frames…</source>
        <translation>正在读取 {0} 帧…</translation>
    </message>
    <message>
        <source>Reading the video…</source>
        <translation>正在读取视频…</translation>
    </message>
    <message>
        <source>Opening the pictures…</source>
        <translation>正在打开图片…</translation>
    </message>
    <message>
        <source>Looking at the frames…</source>
        <translation>正在查看视频帧…</translation>
    </message>
    <message>
        <source>Looked at {0} of {1} pictures…</source>
        <translation>已查看 {0} / {1} 张图片…</translation>
    </message>
    <message>
        <source>Looking at the pictures…</source>
        <translation>正在查看图片…</translation>
    </message>
    <message>
        <source>Video {0}: {1}</source>
        <translation>视频 {0}：{1}</translation>
    </message>
    <message>
        <source>Looked at {0} of {1} frames…</source>
        <translation>已查看 {0} / {1} 帧…</translation>
    </message>
    <message>
        <source>Read {0} of {1} tokens…</source>
        <translation>已读取 {0} / {1} token…</translation>
    </message>
    <message>
        <source>Reading the question…</source>
        <translation>正在阅读问题…</translation>
    </message>
    <message>
        <source>Ended at the limit of {0} tokens.</source>
        <translation>已达到 {0} token 的上限。</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>Broke off.</source>
        <translation>已中断。</translation>
    </message>
    <message>
        <source>The model gave no answer.</source>
        <translation>模型没有给出回答。</translation>
    </message>
    <message>
        <source>Stopped: {0} of {1} parts are answered.</source>
        <translation>已停止：{1} 段中已回答 {0} 段。</translation>
    </message>
    <message>
        <source>{0} frames read in {1} s</source>
        <translation>读取 {0} 帧用时 {1} 秒</translation>
    </message>
    <message>
        <source>{0} s to first word</source>
        <translation>首字 {0} 秒</translation>
    </message>
    <message>
        <source>{0} tok/s</source>
        <translation>{0} token/秒</translation>
    </message>
    <message>
        <source>{0} tokens in, {1} out</source>
        <translation>输入 {0}、输出 {1} token</translation>
    </message>
    <message>
        <source>picture reused</source>
        <translation>图片已复用</translation>
    </message>
    <message>
        <source>frames reused</source>
        <translation>视频帧已复用</translation>
    </message>
</context>
<context>
    <name>ZoomPill</name>
    <message>
        <source>Zoom out</source>
        <translation>缩小</translation>
    </message>
    <message>
        <source>Actual size</source>
        <translation>实际大小</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>放大</translation>
    </message>
    <message>
        <source>Fit</source>
        <translation>适合</translation>
    </message>
    <message>
        <source>Turn left</source>
        <translation>向左旋转</translation>
    </message>
    <message>
        <source>Turn right</source>
        <translation>向右旋转</translation>
    </message>
    <message>
        <source>Actual size; shown at {0}</source>
        <translation>实际大小；当前以 {0} 显示</translation>
    </message>
</context>
<context>
    <name>_FolderRow</name>
    <message>
        <source>Leave Out</source>
        <translation>不再查找</translation>
    </message>
    <message>
        <source>Leave out {0}</source>
        <translation>不再查找 {0}</translation>
    </message>
    <message>
        <source>Looks for no models there any more; the folder stays as it is.</source>
        <translation>不再在那里查找模型；文件夹本身不变。</translation>
    </message>
</context>
<context>
    <name>_Rows</name>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>not available now</source>
        <translation>当前不可用</translation>
    </message>
</context>
</TS>
